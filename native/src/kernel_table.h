// One table of function pointers per topic and instruction set.
//
// A topic's header says     OSSIAN_KERNEL_TABLE(NormKernels, norm_kernels);
// its isa/<topic>.cpp       namespace ossian::OSSIAN_ISA_NS { const NormKernels norm_kernels{…}; }
// and its <topic>.cpp       OSSIAN_SELECT(norm_kernels).rms_norm(…);
#pragma once

#include "isa.h"

#ifdef OSSIAN_X86
#define OSSIAN_KERNEL_TABLE(Table, name) \
  namespace scalar {                     \
  extern const Table name;               \
  }                                      \
  namespace avx2 {                       \
  extern const Table name;               \
  }                                      \
  namespace avx512 {                     \
  extern const Table name;               \
  }                                      \
  static_assert(true)
#define OSSIAN_SELECT(name) (::ossian::select_table(scalar::name, avx2::name, avx512::name))
#else
#define OSSIAN_KERNEL_TABLE(Table, name) \
  namespace scalar {                     \
  extern const Table name;               \
  }                                      \
  static_assert(true)
#define OSSIAN_SELECT(name) (scalar::name)
#endif

namespace ossian {

template <class Table>
const Table& select_table(const Table& scalar, const Table& avx2, const Table& avx512) {
  switch (current_isa()) {
    case Isa::avx512:
      return avx512;
    case Isa::avx2:
      return avx2;
    case Isa::scalar:
      break;
  }
  return scalar;
}

}  // namespace ossian
