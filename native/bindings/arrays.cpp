#include "arrays.h"

namespace ossian {

Buffer::Buffer(nb::handle object, const char* name, bool is_writable) : name_(name) {
  const int flags = PyBUF_FORMAT | PyBUF_STRIDES | (is_writable ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(object.ptr(), &view_, flags) == 0) return;
  PyErr_Clear();
  throw nb::type_error((std::string(name) + " must be a " + (is_writable ? "writable " : "") + "NumPy array, got " +
                        nb::str(object.type().attr("__name__")).c_str() +
                        (is_writable ? " (or a read-only array)" : ""))
                           .c_str());
}

char Buffer::letter() const {
  const char* format = view_.format;
  if (format == nullptr) return 'B';
  if (*format == '@' || *format == '=' || *format == '<') ++format;
  return format[0] != '\0' && format[1] == '\0' ? format[0] : '\0';
}

void Buffer::check(const char* element, bool is_element, size_t element_size, int num_dims) const {
  if (is_element && view_.itemsize == static_cast<Py_ssize_t>(element_size) && view_.ndim == num_dims &&
      PyBuffer_IsContiguous(&view_, 'C')) {
    return;
  }
  throw nb::type_error((std::string(name_) + " must be a C-contiguous " + element + " array with " +
                        std::to_string(num_dims) + " dimension(s), got " + description())
                           .c_str());
}

void Buffer::check_alignment(size_t alignment) const {
  if (reinterpret_cast<uintptr_t>(view_.buf) % alignment == 0) return;
  throw nb::type_error((std::string(name_) + " must be aligned to " + std::to_string(alignment) + " bytes").c_str());
}

std::string Buffer::description() const {
  std::string text = std::string("format '") + (view_.format == nullptr ? "B" : view_.format) + "' and shape [";
  for (int i = 0; i < view_.ndim; ++i) text += (i == 0 ? "" : ", ") + std::to_string(view_.shape[i]);
  return text + "]" + (PyBuffer_IsContiguous(&view_, 'C') ? "" : ", not contiguous");
}

void check_dim(const Buffer& buffer, int dim, int64_t expected, const char* meaning) {
  const int64_t actual = buffer.view().shape[dim];
  if (actual == expected) return;
  throw nb::value_error((std::string(buffer.name()) + " has " + std::to_string(actual) + " in dimension " +
                         std::to_string(dim) + "; it must be " + std::to_string(expected) + ", " + meaning)
                            .c_str());
}

}  // namespace ossian
