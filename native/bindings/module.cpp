#include "topics.h"

NB_MODULE(_native, m) {
  m.doc() = "Ossian's kernels. Use them through ossian.engine.embedded.kernels.";
  ossian::bind_machine(m);
  ossian::bind_norm(m);
  ossian::bind_linear(m);
  ossian::bind_moe(m);
  ossian::bind_attention(m);
  ossian::bind_sampling(m);
}
