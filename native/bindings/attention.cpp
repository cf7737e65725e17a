#include "attention.h"

#include <stdexcept>

#include "arrays.h"
#include "rope.h"
#include "topics.h"

namespace ossian {
namespace {

void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

// The type of its elements says what a cache holds.
KvFormat format_of(const Buffer& cache) {
  switch (cache.letter()) {
    case 'h':
      return KvFormat::int16;
    case 'b':
      return KvFormat::int8;
    default:
      return KvFormat::bf16;
  }
}

// k_cache and v_cache, checked against each other.
class CacheArrays {
 public:
  CacheArrays(nb::handle k_cache, nb::handle v_cache)
      : keys_(k_cache, "k_cache", true), values_(v_cache, "v_cache", true) {
    check(keys_);
    check(values_);
    cache_ = {.keys = keys_.view().buf, .values = values_.view().buf, .format = format_of(keys_)};
    cache_.num_blocks = size(0);
    cache_.num_heads = size(1);
    cache_.head_dim = size(2) - cache_.scale_items();
    cache_.block_size = size(3);
    check_dim(values_, 0, size(0), "num_blocks of k_cache");
    check_dim(values_, 1, size(1), "num_key_value_heads of k_cache");
    check_dim(values_, 2, size(3), "block_size of k_cache");
    check_dim(values_, 3, size(2), "dimension 2 of k_cache: head_dim, and the items of a scale");
    require(cache_.num_heads > 0, "k_cache must have one key-value head or more in dimension 1");
    require(cache_.head_dim > 0 && cache_.head_dim % 16 == 0 && cache_.head_dim <= kMaxHeadDim,
            "head_dim (dimension 2 of k_cache, less the items of a scale) must be a multiple of 16, at most 512");
    require(cache_.block_size > 0 && cache_.block_size % 16 == 0,
            "block_size (dimension 3 of k_cache) must be a multiple of 16");
  }

  const KvCache& cache() const { return cache_; }

 private:
  void check(const Buffer& buffer) const {
    const KvFormat format = format_of(keys_);
    constexpr const char* kElements[] = {"uint16 (bf16)", "int16", "int8"};
    constexpr char kLetters[] = {'H', 'h', 'b'};
    const auto index = static_cast<size_t>(format);
    buffer.check(kElements[index], buffer.letter() == kLetters[index], item_bytes(format), 4);
    if (format != KvFormat::bf16) buffer.check_alignment(alignof(float));
  }
  int64_t size(int dim) const { return keys_.view().shape[dim]; }

  Buffer keys_;
  Buffer values_;
  KvCache cache_;
};

void bound_rope_and_store_kv(nb::handle qkv_, nb::handle positions_, nb::handle inv_freq_, float concentration,
                             nb::handle k_cache, nb::handle v_cache, nb::handle slot_mapping_,
                             int64_t num_attention_heads) {
  const Array<float, 2> qkv(qkv_, "qkv");
  const Array<const int32_t, 1> positions(positions_, "positions");
  const Array<const float, 1> inv_freq(inv_freq_, "inv_freq");
  const CacheArrays caches(k_cache, v_cache);
  const Array<const int64_t, 1> slot_mapping(slot_mapping_, "slot_mapping");
  const KvCache& cache = caches.cache();
  require(num_attention_heads > 0, "num_attention_heads must be 1 or more");
  check_size(qkv, 1, (num_attention_heads + 2 * cache.num_heads) * cache.head_dim,
             "(num_attention_heads + 2 * num_key_value_heads) * head_dim");
  check_size(positions, 0, qkv.size(0), "num_tokens of qkv");
  check_size(inv_freq, 0, cache.head_dim / 2, "half of head_dim");
  check_size(slot_mapping, 0, qkv.size(0), "num_tokens of qkv");
  const nb::gil_scoped_release release;
  rope_and_store_kv({qkv.data(), qkv.size(0), num_attention_heads, positions.data(), inv_freq.data(), concentration,
                     slot_mapping.data(), cache});
}

template <class T>
std::span<const T> span_of(const Array<const T, 1>& array) {
  return {array.data(), static_cast<size_t>(array.size(0))};
}

void bound_paged_attention(nb::handle qkv_, nb::handle k_cache, nb::handle v_cache, nb::handle block_tables_,
                           nb::handle cu_seqlens_q_, nb::handle context_lens_, nb::handle sinks_,
                           int32_t sliding_window, nb::handle out_) {
  const Array<const float, 2> qkv(qkv_, "qkv");
  const CacheArrays caches(k_cache, v_cache);
  const Array<const int32_t, 2> block_tables(block_tables_, "block_tables");
  const Array<const int32_t, 1> cu_seqlens_q(cu_seqlens_q_, "cu_seqlens_q");
  const Array<const int32_t, 1> context_lens(context_lens_, "context_lens");
  const Array<const float, 1> sinks(sinks_, "sinks");
  const Array<float, 2> out(out_, "out");
  const KvCache& cache = caches.cache();
  require(sinks.size(0) > 0 && sinks.size(0) % cache.num_heads == 0,
          "sinks must have one value for each attention head, a multiple of num_key_value_heads");
  check_size(qkv, 1, (sinks.size(0) + 2 * cache.num_heads) * cache.head_dim,
             "(num_attention_heads + 2 * num_key_value_heads) * head_dim");
  check_size(block_tables, 0, context_lens.size(0), "the number of context_lens");
  check_size(cu_seqlens_q, 0, context_lens.size(0) + 1, "one more than the number of context_lens");
  check_size(out, 0, qkv.size(0), "num_tokens of qkv");
  check_size(out, 1, sinks.size(0) * cache.head_dim, "num_attention_heads * head_dim");
  const nb::gil_scoped_release release;
  paged_attention({qkv.data(), qkv.size(0), sinks.size(0), cache, block_tables.data(), block_tables.size(1),
                   span_of(cu_seqlens_q), span_of(context_lens), sinks.data(), sliding_window, out.data()});
}

}  // namespace

void bind_attention(nb::module_& m) {
  m.def("rope_and_store_kv", bound_rope_and_store_kv, nb::arg("qkv"), nb::arg("positions"), nb::arg("inv_freq"),
        nb::arg("concentration"), nb::arg("k_cache"), nb::arg("v_cache"), nb::arg("slot_mapping"),
        nb::arg("num_attention_heads"));
  m.def("paged_attention", bound_paged_attention, nb::arg("qkv"), nb::arg("k_cache"), nb::arg("v_cache"),
        nb::arg("block_tables"), nb::arg("cu_seqlens_q"), nb::arg("context_lens"), nb::arg("sinks"),
        nb::arg("sliding_window"), nb::arg("out"));
}

}  // namespace ossian
