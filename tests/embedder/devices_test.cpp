// Where a model is opened: on engines played by the test, whatever this machine has.

#include <filesystem>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/pack.hpp"
#include "models/cards.hpp"
#include "models/device.hpp"
#include "support/expect_error.hpp"
#include "support/fake_device.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"

#include <mi2/device.hpp>
#include <mi2/embedder.hpp>

namespace mi2 {
namespace {

using ::testing::HasSubstr;

class OnDevice : public ::testing::Test {
 protected:
  static Embedder open(const std::filesystem::path& model, Device::Kind kind, std::optional<DType> dtype = {}) {
    return Embedder::open(model, {.dtype = dtype, .device = {kind}, .threads = 1});
  }
  static std::filesystem::path packed(const test::TemporaryFolder& folder) {
    const std::filesystem::path file = folder.path() / "packed.mi2";
    exporting::PackOptions options;
    options.threads = 1;
    exporting::pack_model(test::starter_model(), file, options);
    return file;
  }
};

TEST_F(OnDevice, WithoutLibtorchOneSentenceSaysWhatToDo) {
  test::expect_error(Code::kUnsupported,
                     {"device 'torch': this program is built without libtorch", "MI2_WITH_TORCH=ON"},
                     [] { open(test::starter_model(), Device::Kind::kTorch); });
}

TEST_F(OnDevice, APackedFileStaysTheCpus) {
  const test::TemporaryFolder folder;
  const std::filesystem::path file = packed(folder);
  const test::FakeDevices devices({});
  for (const Device::Kind kind : {Device::Kind::kTorch, Device::Kind::kCuda}) {
    test::expect_error(Code::kUnsupported, {"a packed file is laid out for the CPU; give the model's folder"},
                       [&] { open(file, kind); });
  }
  const Embedder embedder = open(file, Device::Kind::kAuto);
  EXPECT_EQ(embedder.options().device, Device{});
  EXPECT_THAT(embedder.why_cpu(), HasSubstr("a packed file"));
}

TEST_F(OnDevice, AutoIsTheCpuWhereThereIsNoCardAndSaysWhy) {
  if (models::find_cards().count > 0) GTEST_SKIP() << "this machine has a GPU";
  const test::FakeDevices devices({});
  const Embedder embedder = open(test::starter_model(), Device::Kind::kAuto);
  EXPECT_EQ(embedder.options().device, Device{});
  EXPECT_THAT(embedder.why_cpu(), HasSubstr("this machine has no GPU that CUDA can use"));
  EXPECT_NE(embedder.provenance().instructions, "auto");
  test::expect_error(Code::kUnsupported, {"device 'cuda:1': this machine has no GPU", "nvidia-smi", "'cpu'"}, [] {
    models::require_card({Device::Kind::kCuda, 1});
  });
}

TEST_F(OnDevice, AutoIsTheCpuForADtypeThatNoCardHas) {
  const Embedder embedder = open(test::starter_model(), Device::Kind::kAuto, DType::kInt8);
  EXPECT_EQ(embedder.options().device, Device{});
  EXPECT_EQ(embedder.why_cpu(), "int8 is the CPU's alone");
}

TEST_F(OnDevice, ADeviceComputesInF32UnlessToldOtherwise) {
  const test::FakeDevices devices({});
  EXPECT_EQ(open(test::starter_model(), Device::Kind::kTorch).options().dtype, DType::kF32);
  EXPECT_EQ(open(test::starter_model(), Device::Kind::kTorch, DType::kAuto).options().dtype, DType::kF32);
  const Embedder f16 = open(test::starter_model(), Device::Kind::kTorch, DType::kF16);
  EXPECT_EQ(f16.options().dtype, DType::kF16);
  EXPECT_EQ(f16.provenance().instructions, "torch");
  EXPECT_EQ(f16.why_cpu(), "");
}

}  // namespace
}  // namespace mi2
