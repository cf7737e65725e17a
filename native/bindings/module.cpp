#include "topics.h"

NB_MODULE(_native, m) {
  // Weights that live as long as the process are no leak, and whoever stops a server can do nothing about the message.
  nanobind::set_leak_warnings(false);
  m.doc() = "Ossian's kernels. Use them through ossian.engine.embedded.kernels.";
  ossian::bind_machine(m);
  ossian::bind_embedding(m);
  ossian::bind_norm(m);
  ossian::bind_packed(m);
  ossian::bind_linear(m);
  ossian::bind_moe(m);
  ossian::bind_attention(m);
  ossian::bind_sampling(m);
}
