#include "fixed_attention.h"

#include <algorithm>
#include <vector>

#include "thread_pool.h"

namespace ossian {
namespace {

// A batch's tiles with each group of heads, or part of one: the unit of work, when there are enough of them.
class Work {
 public:
  Work(const AttentionBatch& batch, int64_t max_num_queries)
      : batch_(batch),
        tiles_(query_tiles(batch, max_num_queries)),
        group_size_(batch.num_attention_heads / batch.cache.num_heads),
        parts_((group_size_ + kTileHeads - 1) / kTileHeads) {}

  int64_t size() const { return std::ssize(tiles_) * batch_.cache.num_heads * parts_; }

  // The tiles of one group follow each other, so that a sequence's keys and values stay in cache from tile to tile.
  AttentionTile tile(int64_t item) const {
    const int64_t num_tiles = std::ssize(tiles_);
    const int64_t part = item / num_tiles % parts_;
    const int64_t first_head = item / num_tiles / parts_ * group_size_ + part * kTileHeads;
    const int64_t num_heads = std::min(kTileHeads, group_size_ - part * kTileHeads);
    return make_tile(batch_, tiles_[item % num_tiles], first_head, num_heads);
  }

 private:
  const AttentionBatch& batch_;
  std::vector<QueryTile> tiles_;
  int64_t group_size_;
  int64_t parts_;
};

// Fewer queries a tile, when there would be too few tiles for the threads.
Work divide(const AttentionBatch& batch, int64_t max_num_queries) {
  Work work(batch, max_num_queries);
  if (max_num_queries <= 4 || work.size() >= 4 * num_threads()) return work;
  return divide(batch, max_num_queries / 2);
}

// The partitions that some query of a tile sees: [begin, end).
struct Partitions {
  explicit Partitions(const AttentionTile& tile)
      : begin(first_visible(tile.first_position, tile.sliding_window) / (kPartitionSpans * tile.span_size)),
        end((tile.first_position + tile.num_queries - 1) / (kPartitionSpans * tile.span_size) + 1) {}
  int64_t begin;
  int64_t end;
};

int64_t num_rows_of(const AttentionTile& tile) { return tile.num_queries * tile.num_heads; }

int64_t sums_size(const AttentionTile& tile) { return num_rows_of(tile) * (tile.head_dim + 2); }

AttentionSums sums_at(const AttentionTile& tile, float* memory) {
  const int64_t num_rows = num_rows_of(tile);
  return {memory, memory + num_rows, memory + 2 * num_rows};
}

class Attention {
 public:
  explicit Attention(KvFormat format)
      : kernels_(OSSIAN_SELECT(fixed_attention_kernels)),
        attend_(format == KvFormat::int8 ? kernels_.attend_int8 : kernels_.attend_int16) {}

  // Partition after partition.
  void run(AttentionTile tile) const {
    float* memory = memory_for(tile);
    const AttentionSums total = sums_at(tile, memory);
    const AttentionSums part = sums_at(tile, memory + sums_size(tile));
    kernels_.begin(tile);
    kernels_.clear(total, num_rows_of(tile), tile.head_dim);
    for (Partitions left(tile); left.begin < left.end; ++left.begin) {
      attend_(tile, left.begin, part);
      kernels_.merge(part, total, num_rows_of(tile), tile.head_dim);
    }
    kernels_.finish(tile, total);
  }

  // One partition, into memory of its own.
  void run_partition(AttentionTile tile, int64_t partition, float* part) const {
    memory_for(tile);
    kernels_.begin(tile);
    attend_(tile, partition, sums_at(tile, part));
  }

  void run_merge(AttentionTile tile, float* parts, int64_t num_parts) const {
    const AttentionSums total = sums_at(tile, memory_for(tile));
    kernels_.clear(total, num_rows_of(tile), tile.head_dim);
    for (int64_t i = 0; i < num_parts; ++i) {
      kernels_.merge(sums_at(tile, parts + i * sums_size(tile)), total, num_rows_of(tile), tile.head_dim);
    }
    kernels_.finish(tile, total);
  }

 private:
  // Gives the tile its scratch memory, and returns room for the sums of two partitions.
  static float* memory_for(AttentionTile& tile) {
    const int64_t size = fixed_scratch_size(num_rows_of(tile), tile.head_dim);
    tile.scratch = attention_scratch(size + 2 * sums_size(tile));
    return tile.scratch + size;
  }

  const FixedAttentionKernels& kernels_;
  void (*attend_)(const AttentionTile&, int64_t, const AttentionSums&);
};

// Few tiles and many partitions: threads share a tile's keys.
void attend_in_partitions(const Attention& attention, const Work& work) {
  struct Part {
    int64_t item;
    int64_t partition;
    size_t offset;
  };
  std::vector<Part> parts;
  size_t size = 0;
  for (int64_t item = 0; item < work.size(); ++item) {
    const AttentionTile tile = work.tile(item);
    for (Partitions left(tile); left.begin < left.end; ++left.begin, size += sums_size(tile)) {
      parts.push_back({item, left.begin, size});
    }
  }
  static thread_local std::vector<float> sums;  // reused: it is large, and each run clears what it uses
  if (sums.size() < size) sums.resize(size);
  float* const of_parts = sums.data();
  parallel_for(std::ssize(parts), 1, [&](int64_t i, int64_t) {
    attention.run_partition(work.tile(parts[i].item), parts[i].partition, of_parts + parts[i].offset);
  });
  parallel_for(work.size(), 1, [&](int64_t item, int64_t) {
    const AttentionTile tile = work.tile(item);
    const auto first = std::ranges::find(parts, item, &Part::item);
    const Partitions partitions(tile);
    attention.run_merge(tile, of_parts + first->offset, partitions.end - partitions.begin);
  });
}

}  // namespace

void fixed_attention(const AttentionBatch& batch) {
  const Attention attention(batch.cache.format);
  const Work work = divide(batch, kFixedTileQueries);
  if (work.size() < 2 * num_threads()) return attend_in_partitions(attention, work);
  parallel_for(work.size(), 1, [&](int64_t item, int64_t) { attention.run(work.tile(item)); });
}

}  // namespace ossian
