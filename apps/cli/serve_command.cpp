// mi2 serve: models over HTTP.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "server/server.hpp"

#include <mi2/image.hpp>

#include "arguments.hpp"
#include "base/blanks.hpp"
#include "base/comma_list.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "exit_status.hpp"
#include "progress.hpp"
#include "serve_archives.hpp"
#include "viewer_url.hpp"

namespace mi2::cli {
namespace {

using server::Options;

struct ServeArguments {
  Options options;
  CLI::Option* models = nullptr;
  CLI::Option* loras = nullptr;
  CLI::Option* origins = nullptr;
  CLI::Option* url_hosts = nullptr;
  CLI::Option* proxies = nullptr;
  ArchiveArguments archives;
  std::string shape = "standard";
};

constexpr std::string_view kServeHelp =
    R"(Answers the hosted model's contract (POST /score), MLflow's, the community server's,
OpenAI-style embeddings and KServe V2: GET /docs shows them all. With --archive, also
searches of archives: POST /v1/archives/NAME/search, additions to them by callers who may,
and for people the page /ui/. Takes requests at once; GET /health/ready turns 200 when every
model has computed a first vector.

By default only programs on this machine reach it. To let others in, give it an address
(--host 0.0.0.0), keys (--api-key-file) and TLS (--tls-cert, --tls-key), or put a proxy in front
that knows who asks (--user-header, --trusted-proxy).

Several models: --model chest=DIR1 --model derm=DIR2. The first answers requests that name
none. A folder may be an embedding model, a packed file, or a classifier.

Several GPUs (--device cuda:all) each hold every model and take batches from one queue. One
that fails gets no more; SIGHUP loads the models on all of them again.

Requests share forward passes: up to --max-batch images each, gathered for --max-wait-ms.
Vectors do not depend on it. When --max-queue rows wait, more get 429 and Retry-After.

Signals:
  TERM, INT  accept no more connections, finish the requests in progress, exit with 0;
             again, or after --drain-timeout: end at once with status 8
  HUP        reload models, keys, rights and certificates; no request is dropped, and what
             cannot be loaded stays as it was

Standard output has one line, "listening on URL". Standard error is the log: one JSON
object per line, without payloads, texts, keys or paths.

Environment of the hosted container, where an option is not given: AZUREML_MODEL_DIR and
MLFLOW_MODEL_FOLDER for --model, SERVER_PORT, AML_CORS_ORIGINS, WORKER_COUNT (--workers).

Examples:
  mi2 serve --model DIR
  mi2 serve --model DIR --dtype bf16 --host 0.0.0.0 --api-key-file keys.txt \
      --tls-cert chain.pem --tls-key key.pem
  curl -s localhost:5001/v1/embeddings -H 'content-type: application/json' \
      -d '{"model": "default", "input": "chest x-ray"}'
)";

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// "NAME=PATH", or a path alone, which is called "default" (the only one) or by its last part.
server::ModelSpec model_spec(const std::string& text, bool only) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && text.find('/') > equals) {
    return {text.substr(0, equals), text.substr(equals + 1)};
  }
  const std::filesystem::path path(text);
  if (only) return {"default", path};
  return {(path.has_filename() ? path : path.parent_path()).filename().string(), path};
}

std::vector<std::string> model_texts(const ServeArguments& arguments) {
  std::vector<std::string> texts = values_of(arguments.models);
  if (texts.empty()) {
    std::filesystem::path hosted = environment("AZUREML_MODEL_DIR");
    if (!hosted.empty()) texts.push_back((hosted / environment("MLFLOW_MODEL_FOLDER")).string());
  }
  if (texts.empty()) {
    const std::string model = environment("MI2_MODEL");
    if (!model.empty()) texts.push_back(model);
  }
  if (texts.empty()) {
    throw Error(Code::kBadArgument, "serve: expected --model DIR (or MI2_MODEL, or AZUREML_MODEL_DIR)");
  }
  return texts;
}

/// Gives each LoRA file of --lora to its model.
void add_loras(const ServeArguments& arguments, std::vector<server::ModelSpec>& specs) {
  for (const std::string& text : values_of(arguments.loras)) {
    const std::size_t equals = text.find('=');
    const bool named = equals != std::string::npos && text.find('/') > equals;
    if (!named && specs.size() > 1) {
      throw Error(Code::kBadArgument,
                  fmt::format("--lora: expected NAME=FILE, of one of several models, got '{}'", text));
    }
    const std::string name = named ? text.substr(0, equals) : specs.front().name;
    const auto spec = std::ranges::find(specs, name, &server::ModelSpec::name);
    if (spec == specs.end()) {
      throw Error(Code::kBadArgument,
                  fmt::format("--lora: no model is called '{}'; --model {}=DIR gives a name", name, name));
    }
    if (!spec->lora.empty()) {
      throw Error(Code::kBadArgument,
                  fmt::format("--lora: the model '{}' has one already; expected one per model", name));
    }
    spec->lora = named ? text.substr(equals + 1) : text;
  }
}

std::vector<server::ModelSpec> model_specs(const ServeArguments& arguments) {
  const std::vector<std::string> texts = model_texts(arguments);
  std::vector<server::ModelSpec> specs;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    specs.push_back(model_spec(text, texts.size() == 1));
    check_served_name("model name", specs.back().name);
    if (!names.insert(specs.back().name).second) {
      throw Error(Code::kBadArgument,
                  fmt::format("two models are called '{}'; --model NAME=DIR gives a name", specs.back().name));
    }
  }
  add_loras(arguments, specs);
  return specs;
}

/// Values that may hold several, separated by commas.
std::vector<std::string> split(const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (const std::string& value : values) {
    for (const std::string_view part : base::comma_parts(value)) {
      const std::string_view text = base::without_blanks(part, " ");
      if (!text.empty()) parts.emplace_back(text);
    }
  }
  return parts;
}

int serve(const ServeArguments& arguments) {
  Options options = arguments.options;
  options.models = model_specs(arguments);
  read_archives(arguments.archives, options);
  check_viewer_url(options.viewer_url);
  std::vector<std::string> origins = values_of(arguments.origins);
  if (origins.empty()) origins.push_back(environment("AML_CORS_ORIGINS"));
  options.cors_origins = split(origins);
  options.urls.hosts = split(values_of(arguments.url_hosts));
  options.proxy.trusted = split(values_of(arguments.proxies));
  options.legacy_shape = arguments.shape == "legacy";
  options.embedder.image.max_file_bytes = options.limits.body_bytes;
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    throw Error(Code::kBadArgument, "--tls-cert and --tls-key go together: one of them is missing");
  }
  options.cut_status = kExitPartial;
  const Still still;  // its log says what it does
  server::serve(options);
  return 0;
}

/// A number of an option, with its range.
template <typename Number>
CLI::Option* add_number(CLI::App& command, const char* name, Number& value, std::uint64_t low, std::uint64_t high,
                        const char* help) {
  return command.add_option(name, value, help)
      ->type_name("N")
      ->transform(whole_number_in(low, high))
      ->capture_default_str();
}

template <typename Duration>
void add_duration(CLI::App& command, const char* name, const char* unit, Duration& value, std::uint64_t low,
                  std::uint64_t high, const char* help) {
  command
      .add_option_function<std::int64_t>(
          name, [&value](std::int64_t number) { value = Duration(number); }, help)
      ->type_name(unit)
      ->transform(whole_number_in(low, high))
      ->default_str(std::to_string(value.count()));
}

void add_size(CLI::App& command, const char* name, std::uint64_t& value, const char* help) {
  command.add_option(name, value, help)->type_name("BYTES")->transform(byte_count())->capture_default_str();
}

void add_model_group(CLI::App& command, ServeArguments& arguments) {
  EmbedderOptions& embedder = arguments.options.embedder;
  arguments.models =
      add_repeatable(command, "--model", "A model's folder or packed file, NAME=DIR to name it; repeatable");
  arguments.models->type_name("[NAME=]DIR");
  arguments.loras = add_repeatable(command, "--lora", "A LoRA file of mi2 train, for the model NAME; repeatable");
  arguments.loras->type_name("[NAME=]FILE");
  embedder.dtype = DType::kAuto;
  add_dtype(command, embedder.dtype, true,
            "What models are computed in; auto: what a packed file holds, else the fastest here with f32's numbers")
      ->default_str("auto");
  add_devices(command, arguments.options.devices);
  command
      .add_option("--threads", embedder.threads,
                  "Threads of a forward pass, and of a search of an archive (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
  add_number(command, "--workers", arguments.options.workers, 0, 1024,
             "Threads that parse, decode and render; 0: one per core")
      ->envname("WORKER_COUNT");
  add_profile(command, "--score-profile", arguments.options.score_profile,
              "How /score and MLflow prepare images; the other routes prepare raw")
      ->type_name("azure|raw");
  command
      .add_option("--response-shape", arguments.shape,
                  "Shape of /score's answer; legacy: three objects, as formerly documented")
      ->type_name("standard|legacy")
      ->transform(one_of({"standard", "legacy"}))
      ->capture_default_str();
  add_intensity(command, embedder.image.intensity);
  command.add_flag("--strict", embedder.image.strict, "Refuse images that would be read with a warning");
}

void add_network_group(CLI::App& command, ServeArguments& arguments) {
  Options& options = arguments.options;
  command.add_option("--host", options.host, "Address to listen on; 0.0.0.0 or :: for all of this machine's")
      ->type_name("ADDRESS")
      ->capture_default_str();
  add_number(command, "--port", options.port, 0, 65535, "Port; 0: any that is free")->envname("SERVER_PORT");
  command.add_option("--tls-cert", options.tls_certificate, "Certificate chain, PEM; TLS 1.2 or newer")
      ->type_name("FILE");
  command.add_option("--tls-key", options.tls_key, "Its private key, PEM")->type_name("FILE");
  command
      .add_option("--api-key-file", options.api_keys,
                  "The keys that are accepted, one per line; health and documentation stay open")
      ->type_name("FILE");
  command
      .add_option("--user-header", options.proxy.user_header,
                  "Header in which a reverse proxy names the user, such as X-Remote-User; see --trusted-proxy")
      ->type_name("NAME");
  command
      .add_option("--groups-header", options.proxy.groups_header,
                  "Header in which it names the user's groups, with commas between")
      ->type_name("NAME");
  command
      .add_option("--groups-separator", options.proxy.groups_separator,
                  "What is between two groups in that header; names of a directory (CN=a,OU=b) have commas themselves")
      ->type_name("CHARACTER")
      ->capture_default_str();
  arguments.proxies = add_repeatable(command, "--trusted-proxy",
                                     "Address or network that --user-header is believed from; repeatable. Requests "
                                     "with that header from elsewhere are refused");
  arguments.proxies->type_name("ADDRESS[/BITS]");
  command
      .add_option("--proxy-secret-file", options.proxy.secret,
                  "What the proxy has to show as well, in X-Mi2-Proxy-Secret: one secret per line")
      ->type_name("FILE");
  arguments.origins = add_repeatable(command, "--cors-origin", "Origin whose pages may ask, or *; repeatable");
  arguments.origins->type_name("ORIGIN");
  arguments.url_hosts = add_repeatable(
      command, "--allow-url-host", "Host whose images a request may name by http(s) URL; repeatable (default: none)");
  arguments.url_hosts->type_name("HOST[:PORT]");
  command.add_flag("--allow-url-private", options.urls.allow_private,
                   "Also from addresses that are not public (loopback, private, link-local)");
}

void add_limit_group(CLI::App& command, Options& options) {
  constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();
  add_number(command, "--max-batch", options.batch.max_batch, 1, 1024, "Most images in a forward pass");
  add_number(command, "--max-text-batch", options.batch.max_text_batch, 1, 1024, "Most texts in a forward pass");
  add_duration(command, "--max-wait-ms", "MS", options.batch.max_wait, 0, 10'000, "How long a batch is gathered");
  add_number(command, "--max-queue", options.batch.max_queue, 1, 1'000'000,
             "Most images, and texts, that wait for a model; more: 429");
  add_number(command, "--max-rows", options.limits.rows, 1, 1'000'000, "Most rows in a request");
  add_size(command, "--max-body", options.limits.body_bytes, "Most bytes in a request's body; 64M, 1G also work");
  add_size(command, "--max-buffered", options.limits.buffered_bytes, "Most bytes of all bodies in memory; more: 429");
  add_number(command, "--max-pixels", options.embedder.image.max_pixels, 1, kAny, "Most pixels in an image");
  add_number(command, "--max-decoded", options.limits.decoded_pixels, 1, kAny,
             "Most pixels of all images that are being decoded; more wait");
  add_number(command, "--max-connections", options.limits.connections, 1, 1'000'000,
             "Most open connections; more: 503");
  add_duration(command, "--header-timeout", "S", options.timeouts.header, 1, 3600,
               "Time allowed for a request's header, and for the TLS handshake");
  add_duration(command, "--idle-timeout", "S", options.timeouts.idle, 1, 86'400, "Idle time allowed between requests");
  add_duration(command, "--transfer-timeout", "S", options.timeouts.body, 1, 3600,
               "Time allowed for a body or an answer, and a second more per 16 KiB");
  add_duration(command, "--comparison-timeout", "S", options.timeouts.comparison, 1, 86'400,
               "Time allowed for outliers, drift, tags or duplicates of an archive");
  add_duration(command, "--drain-timeout", "S", options.timeouts.drain, 0, 86'400,
               "Time allowed for requests in progress, after SIGTERM");
}

}  // namespace

void add_serve(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ServeArguments>();
  add_model_group(command, *arguments);
  add_network_group(command, *arguments);
  add_archive_arguments(command, arguments->archives, arguments->options);
  add_limit_group(command, arguments->options);
  command.footer(fmt::format("{}\n{}", kServeHelp, exit_status_help()));
  command.callback([arguments, &session] {
    // libtorch trains heads.
    session.needs_torch = needs_torch(arguments->options.devices) || arguments->archives.heads->count() > 0;
    session.run = [arguments] { return serve(*arguments); };
  });
}

}  // namespace mi2::cli
