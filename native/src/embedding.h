// Embedding rows, read from the checkpoint's file: they are few, and the table is large.
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace ossian {

// bf16 [num_rows, size] in a file, row after row.
struct TableInFile {
  int file;
  int64_t offset;  // bytes
  int64_t num_rows;
  int64_t size;
};

// out[t] = table[ids[t]], bf16 to float.  out: [num_tokens, size]
// Throws std::invalid_argument for an id outside [0, num_rows), and std::system_error when a row cannot be read.
void embed(const TableInFile& table, const int32_t* ids, int64_t num_tokens, float* out);

struct EmbeddingKernels {
  void (*widen_bf16)(const uint16_t* in, int64_t size, float* out);
};
OSSIAN_KERNEL_TABLE(EmbeddingKernels, embedding_kernels);

}  // namespace ossian
