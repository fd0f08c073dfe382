#include "devices.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "models/cards.hpp"
#include "models/device.hpp"

#include "parsed_option.hpp"
#include "torch_program.hpp"

namespace mi2::cli {
namespace {

constexpr const char* kHelp =
    "cpu: mi2's own engine; cuda or cuda:N: a GPU, in f32, bf16 or f16; auto: the first GPU, if there is one, else "
    "cpu; "
    "torch: libtorch on the CPU, to compare engines";

bool one_needs_torch(const Device& device) {
  switch (device.kind) {
    case Device::Kind::kCpu:
      return false;
    case Device::Kind::kTorch:
      return true;
    case Device::Kind::kCuda:
      return models::find_cards().count > 0;
    case Device::Kind::kAuto:
      return has_torch_program() && models::find_cards().count > 0;
  }
  return false;
}

}  // namespace

void add_device(CLI::App& command, Device& device) {
  add_parsed(command, "--device", device, parse_device, kHelp)->type_name("NAME")->default_str(to_string(device));
}

void add_devices(CLI::App& command, std::vector<Device>& devices) {
  add_parsed(command, "--device", devices, models::parse_devices,
             fmt::format("{}; several at once: cuda:0,cuda:1 or cuda:all", kHelp))
      ->type_name("NAME[,NAME]")
      ->default_str(models::to_string(devices));
}

// Of mi2-torch nothing is asked: a driver that is started here is of no use to its child processes.
bool needs_torch(std::span<const Device> devices) {
  return !links_torch() && std::ranges::any_of(devices, one_needs_torch);
}

void check_device(const Device& device) {
  if (!links_torch() && device.kind == Device::Kind::kCuda) models::require_card(device);
}

void note_device(const Device& asked, const Embedder& embedder, Progress& progress) {
  if (asked.kind != Device::Kind::kAuto) return;
  const std::string& why = embedder.why_cpu();
  progress.note(why.empty() ? fmt::format("device auto: {}", to_string(embedder.options().device))
                            : fmt::format("device auto: cpu, since: {}", why));
}

}  // namespace mi2::cli
