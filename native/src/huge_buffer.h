// Anonymous memory for packed weights: 2 MB aligned, huge pages asked for, untouched until the packing threads write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace ossian {

class HugeBuffer {
 public:
  HugeBuffer() = default;
  // Zeroed. Throws std::bad_alloc when the address space or the overcommit limit is used up.
  explicit HugeBuffer(size_t num_bytes);
  ~HugeBuffer();
  HugeBuffer(HugeBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  HugeBuffer& operator=(HugeBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  HugeBuffer(const HugeBuffer&) = delete;
  HugeBuffer& operator=(const HugeBuffer&) = delete;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace ossian
