// NumPy arrays as checked pointers, with errors that name the parameter.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>
#include <type_traits>

namespace ossian {

namespace nb = nanobind;

// What Array needs to know about an element type: its name, and whether a buffer format letter means it.
template <class T>
struct Element;
template <>
struct Element<float> {
  static constexpr const char* name = "float32";
  static bool is(char format) { return format == 'f'; }
};
template <>
struct Element<uint8_t> {
  static constexpr const char* name = "uint8";
  static bool is(char format) { return format == 'B'; }
};
template <>
struct Element<int8_t> {
  static constexpr const char* name = "int8";
  static bool is(char format) { return format == 'b'; }
};
template <>
struct Element<int16_t> {
  static constexpr const char* name = "int16";
  static bool is(char format) { return format == 'h'; }
};
template <>
struct Element<uint16_t> {
  static constexpr const char* name = "uint16";
  static bool is(char format) { return format == 'H'; }
};
template <>
struct Element<uint32_t> {
  static constexpr const char* name = "uint32";
  static bool is(char format) { return format == 'I' || format == 'L'; }
};
template <>
struct Element<int32_t> {
  static constexpr const char* name = "int32";
  static bool is(char format) { return format == 'i' || format == 'l'; }
};
template <>
struct Element<int64_t> {
  static constexpr const char* name = "int64";
  static bool is(char format) { return format == 'l' || format == 'q'; }
};
template <>
struct Element<uint64_t> {
  static constexpr const char* name = "uint64";
  static bool is(char format) { return format == 'L' || format == 'Q'; }
};

// Holds an object's buffer, which keeps the object alive. Make and destroy it with the GIL held: declare it before the
// gil_scoped_release.
class Buffer {
 public:
  Buffer(nb::handle object, const char* name, bool is_writable);
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  const Py_buffer& view() const { return view_; }
  const char* name() const { return name_; }
  // The format letter of the elements, '\0' when they are something else; NumPy writes "=H" for an unaligned array.
  char letter() const;
  // Raise TypeError unless the elements, dimensions and layout are as asked.
  void check(const char* element, bool is_element, size_t element_size, int num_dims) const;
  void check_alignment(size_t alignment) const;
  // The format and shape, for messages.
  std::string description() const;

 private:
  Py_buffer view_;
  const char* name_;
};

// A C-contiguous array of `num_dims` dimensions; writable unless T is const. Raises TypeError naming the parameter.
template <class T, int num_dims>
class Array {
 public:
  Array(nb::handle object, const char* name) : buffer_(object, name, !std::is_const_v<T>) {
    using E = Element<std::remove_const_t<T>>;
    buffer_.check(E::name, E::is(buffer_.letter()), sizeof(T), num_dims);
    // A checkpoint's tensors may begin anywhere, and the kernels that take bf16 and bytes do not mind.
    if (sizeof(T) > 2) buffer_.check_alignment(alignof(T));
  }

  T* data() const { return static_cast<T*>(buffer_.view().buf); }
  int64_t size(int dim) const { return buffer_.view().shape[dim]; }
  const Buffer& buffer() const { return buffer_; }

 private:
  Buffer buffer_;
};

void check_dim(const Buffer& buffer, int dim, int64_t expected, const char* meaning);

// Raise ValueError unless array.size(dim) == expected; `meaning` says where the number comes from ("num_tokens of x").
template <class T, int num_dims>
void check_size(const Array<T, num_dims>& array, int dim, int64_t expected, const char* meaning) {
  check_dim(array.buffer(), dim, expected, meaning);
}

}  // namespace ossian
