#include "weights/model_files.hpp"

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::weights {
namespace {

using test::expect_error;
using test::TemporaryFolder;

TEST(FindModel, TakesTheFlatLayout) {
  const TemporaryFolder folder;
  folder.write("config.yaml", "");
  folder.write("any.safetensors", "");
  const ModelFiles files = find_model(folder.path());
  EXPECT_EQ(files.root, folder.path());
  EXPECT_EQ(files.config, folder / "config.yaml");
  EXPECT_EQ(files.weights, folder / "any.safetensors");
  EXPECT_FALSE(files.vocab);
  EXPECT_FALSE(files.merges);
}

TEST(FindModel, TakesTheTokenizerBesideTheWeights) {
  const TemporaryFolder folder;
  for (const char* name : {"config.yaml", "model.safetensors", "vocab.json", "merges.txt"}) folder.write(name, "");
  const ModelFiles files = find_model(folder.path());
  EXPECT_EQ(files.vocab, folder / "vocab.json");
  EXPECT_EQ(files.merges, folder / "merges.txt");
}

TEST(FindModel, TakesThePublishedLayoutFromItsFolderOrTheOneAbove) {
  const TemporaryFolder folder;
  folder.write("2024.09.27/config.yaml", "");
  folder.write("2024.09.27/vision_model/medimageinsigt-v1.0.0.pt", "");
  folder.write("2024.09.27/language_model/clip_tokenizer_4.16.2/vocab.json", "");
  folder.write("2024.09.27/language_model/clip_tokenizer_4.16.2/merges.txt", "");
  folder.write("README.md", "");
  const auto version = folder / "2024.09.27";
  for (const auto& dir : {folder.path(), version}) {
    const ModelFiles files = find_model(dir);
    EXPECT_EQ(files.root, version);
    EXPECT_EQ(files.weights, version / "vision_model/medimageinsigt-v1.0.0.pt");
    EXPECT_EQ(files.vocab, version / "language_model/clip_tokenizer_4.16.2/vocab.json");
    EXPECT_EQ(files.merges, version / "language_model/clip_tokenizer_4.16.2/merges.txt");
  }
}

TEST(FindModel, TakesAConfigAboveTheVersionedFolder) {
  const TemporaryFolder folder;
  folder.write("config.yaml", "");
  folder.write("2024.09.27/vision_model/medimageinsigt-v1.0.0.pt", "");
  EXPECT_EQ(find_model(folder.path()).weights, folder / "2024.09.27/vision_model/medimageinsigt-v1.0.0.pt");
}

TEST(FindModel, PrefersModelSafetensorsAmongSeveral) {
  const TemporaryFolder folder;
  folder.write("config.yaml", "");
  folder.write("a.safetensors", "");
  folder.write("b.safetensors", "");
  expect_error(Code::kBadFile, {"several", "'a.safetensors', 'b.safetensors'"}, [&] { find_model(folder.path()); });
  folder.write("model.safetensors", "");
  EXPECT_EQ(find_model(folder.path()).weights, folder / "model.safetensors");
}

TEST(FindModel, NamesWhatIsMissing) {
  const TemporaryFolder folder;
  expect_error(Code::kNotFound, {"absent", "not found"}, [&] { find_model(folder / "absent"); });
  expect_error(Code::kNotFound, {"no config.yaml"}, [&] { find_model(folder.path()); });
  folder.write("config.yaml", "");
  expect_error(Code::kNotFound, {"no *.safetensors"}, [&] { find_model(folder.path()); });
}

TEST(FindModel, TakesAFileForAPackedModel) {
  const TemporaryFolder folder;
  const ModelFiles files = find_model(folder.write("packed", ""));
  EXPECT_TRUE(files.packed);
  EXPECT_EQ(files.weights, folder / "packed");
  EXPECT_TRUE(files.config.empty());
}

TEST(FindModel, RefusesHalfATokenizer) {
  const TemporaryFolder folder;
  folder.write("config.yaml", "");
  folder.write("model.safetensors", "");
  folder.write("merges.txt", "");
  expect_error(Code::kBadFile, {"merges.txt", "no vocab.json"}, [&] { find_model(folder.path()); });
}

TEST(FindModel, AsksWhichOfSeveralModels) {
  const TemporaryFolder folder;
  folder.write("one/config.yaml", "");
  folder.write("two/config.yaml", "");
  expect_error(Code::kBadFile, {"several models", "'one/config.yaml', 'two/config.yaml'"},
               [&] { find_model(folder.path()); });
}

}  // namespace
}  // namespace mi2::weights
