// One function per topic; module.cpp calls them all.
#pragma once

#include <nanobind/nanobind.h>

namespace ossian {

void bind_machine(nanobind::module_& m);
void bind_embedding(nanobind::module_& m);
void bind_norm(nanobind::module_& m);
void bind_packed(nanobind::module_& m);
void bind_linear(nanobind::module_& m);
void bind_moe(nanobind::module_& m);
void bind_attention(nanobind::module_& m);
void bind_sampling(nanobind::module_& m);

}  // namespace ossian
