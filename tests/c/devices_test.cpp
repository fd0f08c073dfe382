// The C API's devices: what has none says so, and libtorch is loaded where one needs it.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.hpp"

#include <mi2/mi2.h>

namespace {

using testing::HasSubstr;

const std::string kStarter = mi2::test::starter_model().string();

/// libmi2-torch.so of this build, or nothing.
std::filesystem::path torch_library() {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::filesystem::path file = here / "../../src/models/torch/libmi2-torch.so";
  return std::filesystem::exists(file) ? file : std::filesystem::path();
}

TEST(CDevices, ADeviceWithoutLibtorchIsRefusedInOneSentence) {
  mi2_options options{};
  options.size = sizeof options;
  options.device = "torch";
  mi2_embedder* opened = nullptr;
  EXPECT_EQ(mi2_open(kStarter.c_str(), &options, &opened), MI2_UNSUPPORTED);
  EXPECT_THAT(mi2_last_error(), HasSubstr("built without libtorch; build it with MI2_WITH_TORCH=ON"));
  options.device = "tpu";
  EXPECT_EQ(mi2_open(kStarter.c_str(), &options, &opened), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("options.device 'tpu': expected auto, cpu, cuda, cuda:NUMBER or torch"));
  ::setenv("MI2_TORCH_LIBRARY", "/proc/self/maps", 1);
  options.device = "torch";
  EXPECT_EQ(mi2_open(kStarter.c_str(), &options, &opened), MI2_UNSUPPORTED);
  EXPECT_THAT(mi2_last_error(), HasSubstr("cannot be loaded"));
  ::unsetenv("MI2_TORCH_LIBRARY");
}

TEST(CDevices, AutoIsADeviceThatIsThere) {
  mi2_options options{};
  options.size = sizeof options;
  options.device = "auto";
  mi2_embedder* opened = nullptr;
  ASSERT_EQ(mi2_open(kStarter.c_str(), &options, &opened), MI2_OK) << mi2_last_error();
  EXPECT_THAT(std::string(mi2_device(opened)), ::testing::AnyOf("cpu", "cuda:0"));
  mi2_close(opened);
}

TEST(CDevices, LibtorchIsLoadedWhenADeviceNeedsIt) {
  const std::filesystem::path library = torch_library();
  if (library.empty()) GTEST_SKIP() << "this build has no libtorch (MI2_WITH_TORCH=OFF)";
  ::setenv("MI2_TORCH_LIBRARY", library.c_str(), 1);
  mi2_options options{};
  options.size = sizeof options;
  options.device = "torch";
  mi2_embedder* opened = nullptr;
  const mi2_status status = mi2_open(kStarter.c_str(), &options, &opened);
  ::unsetenv("MI2_TORCH_LIBRARY");
  ASSERT_EQ(status, MI2_OK) << mi2_last_error();
  EXPECT_STREQ(mi2_device(opened), "torch");
  mi2_embedder* embedder = nullptr;
  ASSERT_EQ(mi2_open(kStarter.c_str(), nullptr, &embedder), MI2_OK) << mi2_last_error();
  const char* text = "chest x-ray";
  std::vector<float> torch(mi2_dimensions(opened));
  std::vector<float> cpu(mi2_dimensions(embedder));
  ASSERT_EQ(mi2_embed_texts(opened, &text, 1, torch.data(), torch.size(), nullptr), MI2_OK) << mi2_last_error();
  ASSERT_EQ(mi2_embed_texts(embedder, &text, 1, cpu.data(), cpu.size(), nullptr), MI2_OK);
  // Both sum in f32, in unlike orders.
  for (std::size_t i = 0; i < cpu.size(); ++i) EXPECT_NEAR(torch[i], cpu[i], 2e-5);
  mi2_close(embedder);
  mi2_close(opened);
}

}  // namespace
