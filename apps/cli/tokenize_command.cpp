// mi2 tokenize: texts to token ids.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>
#include <mi2/tokenize.hpp>

#include "arguments.hpp"
#include "base/json_text.hpp"
#include "command.hpp"
#include "input_arguments.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

struct TokenizeArguments {
  std::string model;
  const CLI::Option* texts = nullptr;
  std::string texts_json;
};

constexpr std::string_view kTokenizeHelp = R"(Output:
  One line per text: {"text": "..", "input_ids": [49406,..,49407], "truncated": false}
  The ids have the start and end marks and no padding. Texts come in the order given,
  then the strings of --texts-json. A text that is not UTF-8 is an error.

Examples:
  mi2 tokenize --model DIR "pleural effusion" "no finding"
  mi2 tokenize --model DIR --texts-json reports.json
  mi2 tokenize --model DIR -- "-- a text that starts with a dash"
)";

int tokenize_texts(const TokenizeArguments& arguments) {
  const std::vector<std::string> texts = gather_texts(values_of(arguments.texts), arguments.texts_json);
  if (texts.empty()) throw Error(Code::kBadArgument, "tokenize: no texts; give a TEXT or --texts-json");
  Progress progress(0, "");
  explain_texts(values_of(arguments.texts), "--texts-json if it has texts", progress);
  const auto output = open_output("-");
  const std::vector<TokenizedText> tokens = tokenize(arguments.model, texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const TokenizedText& row = tokens.at(i);
    output->write(fmt::format(R"({{"text": {}, "input_ids": [{}], "truncated": {}}})", base::json_string(texts[i]),
                              fmt::join(row.ids, ","), row.truncated) +
                  '\n');
  }
  output->commit();
  return 0;
}

}  // namespace

void add_tokenize(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<TokenizeArguments>();
  add_model_path(command, arguments->model);
  command.add_option("--texts-json", arguments->texts_json, "A file with a JSON array of strings; - is standard input")
      ->type_name("FILE");
  arguments->texts = add_positionals(command, "TEXT", "Texts to tokenize");
  command.footer(fmt::format("{}\n{}", kTokenizeHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return tokenize_texts(*arguments); }; });
}

}  // namespace mi2::cli
