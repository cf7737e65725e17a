#include "huge_buffer.h"

#include <sys/mman.h>

#include <new>

namespace ossian {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

HugeBuffer::HugeBuffer(size_t num_bytes) : size_(num_bytes) {
  if (num_bytes == 0) return;
  const size_t mapped = round_up(num_bytes, kHugePage);
  void* base = mmap(nullptr, mapped + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  // Only an aligned mapping can be backed by huge pages from its first byte: give the ends back.
  const size_t address = reinterpret_cast<size_t>(base);
  const size_t head = round_up(address, kHugePage) - address;
  data_ = static_cast<uint8_t*>(base) + head;
  if (head != 0) munmap(base, head);
  munmap(data_ + mapped, kHugePage - head);
#ifdef MADV_HUGEPAGE
  madvise(data_, mapped, MADV_HUGEPAGE);
#endif
}

HugeBuffer::~HugeBuffer() {
  if (data_ != nullptr) munmap(data_, round_up(size_, kHugePage));
}

}  // namespace ossian
