#include <bit>
#include <cstring>

#include "pack_kernels.h"

namespace ossian {
namespace {

static_assert(std::endian::native == std::endian::little, "packing moves nibbles inside little-endian words");

// Byte i of `bytes` to byte 2i.
uint64_t spread(uint32_t bytes) {
  uint64_t x = bytes;
  x = (x | x << 16) & 0x0000ffff0000ffff;
  return (x | x << 8) & 0x00ff00ff00ff00ff;
}

struct Block {
  uint64_t words[2];
};

// Values 2i and 2i + 1 in byte i become values i and i + 16 in byte i. The first half of the block holds the values
// below 16: its low nibbles are the even ones, its high nibbles the odd ones; likewise the second half.
Block pair_halves(const uint8_t* source) {
  constexpr uint64_t kLow = 0x0f0f0f0f0f0f0f0f;
  Block in;
  std::memcpy(&in, source, sizeof in);
  const uint64_t even = (in.words[0] & kLow) | (in.words[1] & kLow) << 4;
  const uint64_t odd = (in.words[0] >> 4 & kLow) | (in.words[1] & ~kLow);
  const auto word = [&](int shift) {
    return spread(static_cast<uint32_t>(even >> shift)) | spread(static_cast<uint32_t>(odd >> shift)) << 8;
  };
  return {{word(0), word(32)}};
}

}  // namespace

bool pack_mxfp4_panel(const uint8_t* blocks, const uint8_t* scales, int64_t row_step, int64_t num_cols,
                      uint8_t* panel) {
  const PanelLayout layout = layout_of(WeightFormat::mxfp4);
  const int64_t num_blocks = num_cols / kBlock;
  uint8_t* panel_scales = panel + num_blocks * layout.block_bytes;
  uint8_t largest = 0;
  for (int64_t row = 0; row < kPanelRows; ++row) {
    const uint8_t* row_blocks = blocks + row * row_step * num_blocks * 16;
    const uint8_t* row_scales = scales + row * row_step * num_blocks;
    for (int64_t block = 0; block < num_blocks; ++block) {
      const Block packed = pair_halves(row_blocks + block * 16);
      for (int step = 0; step < 4; ++step) {
        std::memcpy(panel + block * layout.block_bytes + step * 64 + row * 4,
                    reinterpret_cast<const uint8_t*>(&packed) + step * 4, 4);
      }
      panel_scales[block * layout.scale_bytes + row] = row_scales[block];
      largest = row_scales[block] > largest ? row_scales[block] : largest;
    }
  }
  return largest != 255;
}

}  // namespace ossian
