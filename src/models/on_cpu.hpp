#pragma once
// The model on the CPU engine, for the sources that load it.

#include "models/model.hpp"
#include "models/model_on.hpp"

namespace mi2::models {

class OnCpu : public ModelOn<CpuModel, ops::CpuOps> {
 public:
  using ModelOn::ModelOn;
  ops::CpuOps& ops() override { return ops_; }
};

}  // namespace mi2::models
