#include "weights/config.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "weights/samples.hpp"

namespace mi2::weights {
namespace {

using test::expect_error;

/// The small config with one line's text replaced.
std::string with(const std::string& from, const std::string& to) {
  std::string yaml = test::kSmallConfig;
  const std::size_t at = yaml.find(from);
  if (at == std::string::npos) throw std::logic_error("the sample has no " + from);
  return yaml.replace(at, from.size(), to);
}

void refuses(const std::string& from, const std::string& to, std::vector<std::string> words,
             Code code = Code::kBadFile) {
  words.emplace_back("c.yaml: ");
  expect_error(code, words, [&] { parse_config(with(from, to), "c.yaml"); });
}

TEST(Config, ReadsEveryNumber) {
  const ModelConfig config = parse_config(test::kSmallConfig, "c.yaml");
  EXPECT_EQ(config.image.height, 32);
  EXPECT_EQ(config.image.width, 48);
  EXPECT_EQ(config.image.mean, (std::array<float, 3>{0.485F, 0.456F, 0.406F}));
  EXPECT_EQ(config.image.std, (std::array<float, 3>{0.229F, 0.224F, 0.225F}));
  EXPECT_EQ(config.image.patch_size, (std::vector<int>{7, 3}));
  EXPECT_EQ(config.image.patch_stride, (std::vector<int>{4, 2}));
  EXPECT_EQ(config.image.patch_padding, (std::vector<int>{3, 1}));
  EXPECT_EQ(config.image.patch_prenorm, (std::vector<bool>{false, true}));
  EXPECT_EQ(config.image.dims, (std::vector<int>{4, 8}));
  EXPECT_EQ(config.image.heads, (std::vector<int>{1, 2}));
  EXPECT_EQ(config.image.groups, (std::vector<int>{2, 4}));
  EXPECT_EQ(config.image.depths, (std::vector<int>{1, 2}));
  EXPECT_EQ(config.image.window, 4);
  EXPECT_EQ(config.image.drop_rate, 0.1);
  EXPECT_EQ(config.image.drop_path_rate, 0.2);
  EXPECT_EQ(config.text.context, 7);
  EXPECT_EQ(config.text.width, 2);
  EXPECT_EQ(config.text.heads, 1);
  EXPECT_EQ(config.text.layers, 1);
  EXPECT_EQ(config.projection, 6);
}

TEST(Config, IgnoresKeysOfTrainingAndTakesTestAsOptional) {
  parse_config(with("UNICL_MODEL:", "TRAIN:\n  LR: 1e-5\n  LISTS: [[1, 2], {a: b}]\nUNICL_MODEL:\n  GATHER: true"),
               "c");
  parse_config(with("TEST:\n  CENTER_CROP: false\n", ""), "c");
  parse_config(with("  CENTER_CROP: false", "  OTHER: 1"), "c");
}

TEST(Config, TakesNumbersHoweverTheyAreWritten) {
  EXPECT_EQ(parse_config(with("WINDOW_SIZE: 4", "WINDOW_SIZE: \"4\""), "c").image.window, 4);
  EXPECT_EQ(parse_config(with("WINDOW_SIZE: 4", "WINDOW_SIZE: 4.0"), "c").image.window, 4);
  EXPECT_EQ(parse_config(with("DROP_RATE: 0.1", "DROP_RATE: 1e-5"), "c").image.drop_rate, 1e-5);
  EXPECT_EQ(parse_config(with("DROP_RATE: 0.1", "DROP_RATE: +.5"), "c").image.drop_rate, 0.5);
  EXPECT_EQ(parse_config(with("[4, 8]", "\n    - 4\n    - 8"), "c").image.dims, (std::vector<int>{4, 8}));
  EXPECT_TRUE(parse_config(with("[false, true]", "[False, yes]"), "c").image.patch_prenorm[1]);
}

TEST(Config, NamesEveryMissingKey) {
  const std::vector<std::pair<std::string, std::string>> keys{{"IMAGE_SIZE", "IMAGE_ENCODER."},
                                                              {"IMAGE_MEAN", "IMAGE_ENCODER."},
                                                              {"IMAGE_STD", "IMAGE_ENCODER."},
                                                              {"DROP_RATE", "IMAGE_ENCODER.SPEC."},
                                                              {"PATCH_SIZE", "IMAGE_ENCODER.SPEC."},
                                                              {"PATCH_STRIDE", "IMAGE_ENCODER.SPEC."},
                                                              {"PATCH_PADDING", "IMAGE_ENCODER.SPEC."},
                                                              {"PATCH_PRENORM", "IMAGE_ENCODER.SPEC."},
                                                              {"DIM_EMBED", "IMAGE_ENCODER.SPEC."},
                                                              {"NUM_HEADS", "IMAGE_ENCODER.SPEC."},
                                                              {"NUM_GROUPS", "IMAGE_ENCODER.SPEC."},
                                                              {"DEPTHS", "IMAGE_ENCODER.SPEC."},
                                                              {"WINDOW_SIZE", "IMAGE_ENCODER.SPEC."},
                                                              {"DROP_PATH_RATE", "IMAGE_ENCODER.SPEC."},
                                                              {"TOKENIZER", "LANG_ENCODER."},
                                                              {"CONTEXT_LENGTH", "LANG_ENCODER."},
                                                              {"  WIDTH", "LANG_ENCODER."},
                                                              {"  HEADS", "LANG_ENCODER."},
                                                              {"LAYERS", "LANG_ENCODER."},
                                                              {"AUTOGRESSIVE", "LANG_ENCODER."},
                                                              {"DIM_PROJECTION", "UNICL_MODEL."}};
  for (const auto& [key, parent] : keys) {
    const std::size_t indent = key.find_first_not_of(' ');
    const std::string name = key.substr(indent);
    refuses(key + ":", fmt::format("{}X{}:", std::string(indent, ' '), name), {parent + name + " is missing"});
  }
  refuses("LANG_ENCODER:", "LANG:", {"LANG_ENCODER.NAME is missing"});
  refuses("WINDOW_SIZE: 4", "WINDOW_SIZE:", {"WINDOW_SIZE is missing"});
}

TEST(Config, RefusesValuesOutOfRangeByKey) {
  const std::vector<std::vector<std::string>> cases{
      {"[32, 48]", "[15, 48]", "IMAGE_SIZE"},
      {"[32, 48]", "[32, 4097]", "IMAGE_SIZE"},
      {"[32, 48]", "[32]", "IMAGE_SIZE"},
      {"[32, 48]", "[32, 48, 3]", "IMAGE_SIZE"},
      {"[32, 48]", "[32, .nan]", "IMAGE_SIZE"},
      {"0.406", ".inf", "IMAGE_MEAN"},
      {"0.406", "inf", "IMAGE_MEAN"},
      {"0.485, 0.456, 0.406", "0.485, 0.456", "IMAGE_MEAN"},
      {"0.225", "0", "IMAGE_STD"},
      {"0.225", "-1", "IMAGE_STD"},
      {"0.225", "nan", "IMAGE_STD"},
      {"[7, 3]", "[7, 16]", "PATCH_SIZE"},
      {"[7, 3]", "[7, 3, 3]", "PATCH_SIZE"},
      {"[7, 3]", "[7, 2.5]", "PATCH_SIZE"},
      {"[7, 3]", "7", "PATCH_SIZE"},
      {"[7, 3]", "[]", "PATCH_SIZE"},
      {"[7, 3]", "[7, [3]]", "PATCH_SIZE"},
      {"[4, 2]", "[4, 0]", "PATCH_STRIDE"},
      {"[4, 2]", "[4, 9]", "PATCH_STRIDE"},
      {"[3, 1]", "[3, 3]", "PATCH_PADDING"},
      {"[3, 1]", "[3, -1]", "PATCH_PADDING"},
      {"[false, true]", "[false]", "PATCH_PRENORM"},
      {"[false, true]", "[false, 2]", "PATCH_PRENORM"},
      {"[4, 8]", "[4, 16385]", "DIM_EMBED"},
      {"[4, 8]", "[4, 1, 1, 1, 1, 1, 1, 1, 1]", "DIM_EMBED"},
      {"NUM_HEADS: [1, 2]", "NUM_HEADS: [1, 3]", "NUM_HEADS"},
      {"NUM_HEADS: [1, 2]", "NUM_HEADS: [0, 2]", "NUM_HEADS"},
      {"NUM_GROUPS: [2, 4]", "NUM_GROUPS: [2, 5]", "NUM_GROUPS"},
      {"DEPTHS: [1, 2]", "DEPTHS: [0, 2]", "DEPTHS"},
      {"DEPTHS: [1, 2]", "DEPTHS: [200, 57]", "DEPTHS"},
      {"WINDOW_SIZE: 4", "WINDOW_SIZE: 65", "WINDOW_SIZE"},
      {"WINDOW_SIZE: 4", "WINDOW_SIZE: four", "WINDOW_SIZE"},
      {"WINDOW_SIZE: 4", "WINDOW_SIZE: [4]", "WINDOW_SIZE"},
      {"WINDOW_SIZE: 4", "WINDOW_SIZE: 1e400", "WINDOW_SIZE"},
      {"DROP_RATE: 0.1", "DROP_RATE: 1.5", "DROP_RATE"},
      {"CONTEXT_LENGTH: 7", "CONTEXT_LENGTH: 1", "CONTEXT_LENGTH"},
      {"CONTEXT_LENGTH: 7", "CONTEXT_LENGTH: 4097", "CONTEXT_LENGTH"},
      {"HEADS: 1", "HEADS: 3", "LANG_ENCODER.HEADS"},
      {"LAYERS: 1", "LAYERS: 257", "LAYERS"},
      {"DIM_PROJECTION: 6", "DIM_PROJECTION: 0", "DIM_PROJECTION"},
      {"AUTOGRESSIVE: false", "AUTOGRESSIVE: maybe", "AUTOGRESSIVE"},
  };
  for (const std::vector<std::string>& row : cases) {
    SCOPED_TRACE(row[1]);
    refuses(row[0], row[1], {row[2]});
  }
}

TEST(Config, RefusesAStageWithoutAGrid) {
  std::string yaml = with("[32, 48]", "[16, 16]");
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"[4, 2]", "[8, 2]"}, {"[7, 3]", "[7, 15]"}}) {
    yaml.replace(yaml.find(from), from.size(), to);
  }
  expect_error(Code::kBadFile, {"PATCH_SIZE", "stage 1", "2 x 2"}, [&] { parse_config(yaml, "c"); });
}

TEST(Config, RefusesModelsItDoesNotHave) {
  refuses("davit_v1", "swin", {"IMAGE_ENCODER.NAME", "'swin'"}, Code::kUnsupported);
  refuses("NAME: transformer", "NAME: hf_model", {"LANG_ENCODER.NAME", "'hf_model'"}, Code::kUnsupported);
  refuses("TOKENIZER: clip", "TOKENIZER: bert", {"LANG_ENCODER.TOKENIZER", "'bert'"}, Code::kUnsupported);
  refuses("AUTOGRESSIVE: false", "AUTOGRESSIVE: true", {"LANG_ENCODER.AUTOGRESSIVE"}, Code::kUnsupported);
  refuses("CENTER_CROP: false", "CENTER_CROP: true", {"TEST.CENTER_CROP"}, Code::kUnsupported);
}

TEST(Config, RefusesAKeyGivenTwice) {
  refuses("WINDOW_SIZE: 4", "WINDOW_SIZE: 4\n    WINDOW_SIZE: 4", {"WINDOW_SIZE", "twice"});
  refuses("TEST:", "LANG_ENCODER: {}\nTEST:", {"LANG_ENCODER", "twice"});
}

TEST(Config, RefusesWhatIsNoMapInYaml) {
  const std::vector<std::string> files{"",     "- a\n- b", "text",  "a: [1", "a: b: c", "\t- x",       "*missing",
                                       "{{{}", "%YAML 9",  "\x01:", "&a",    "a: *a",   "!<tag> [*x]", "\xff\xfe\x00"};
  for (const std::string& yaml : files) {
    expect_error(Code::kBadFile, {"c.yaml: "}, [&] { parse_config(yaml, "c.yaml"); });
  }
}

TEST(Config, RefusesBombsQuickly) {
  expect_error(Code::kTooLarge, {"1000001 bytes", "1000000"}, [] { parse_config(std::string(1'000'001, '#'), "c"); });
  expect_error(Code::kBadFile, {"c: "}, [] { parse_config(std::string(100'000, '['), "c"); });
  expect_error(Code::kBadFile, {"c: "}, [] { parse_config(std::string(100'000, '{'), "c"); });
  std::string aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    aliases += fmt::format("a{0}: &a{0} [*a{1} , *a{1} , *a{1} , *a{1} , *a{1} , *a{1} , *a{1} , *a{1}]\n", i, i - 1);
  }
  expect_error(Code::kBadFile, {"missing"}, [&] { parse_config(aliases, "c"); });
}

TEST(Config, LoadsFromAFileAndNamesAMissingOne) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(load_config(folder.write("config.yaml", test::kSmallConfig)).projection, 6);
  expect_error(Code::kNotFound, {"absent.yaml"}, [&] { load_config(folder / "absent.yaml"); });
}

}  // namespace
}  // namespace mi2::weights
