#include "benchmark/fidelity/measure.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "base/process.hpp"
#include "benchmark/fidelity/statistics.hpp"
#include "benchmark/fidelity/subject.hpp"

namespace mi2::fidelity {
namespace {

template <typename Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Embeds `inputs` in batches and times each pass. The first batch is embedded once more before, untimed: the first
/// pass of an engine allocates what the later ones reuse.
template <typename Input, typename Embed, typename Done>
EmbeddingMatrix timed_passes(std::span<const Input> inputs, std::size_t batch, const Embed& embed,
                             std::vector<double>& seconds, const Done& done) {
  EmbeddingMatrix vectors(inputs.size(), embed(inputs.first(std::min(batch, inputs.size()))).dimensions());
  for (std::size_t begin = 0; begin < inputs.size(); begin += batch) {
    const auto some = inputs.subspan(begin, std::min(batch, inputs.size() - begin));
    EmbeddingMatrix rows;
    seconds.push_back(seconds_of([&] { rows = embed(some); }) / static_cast<double>(some.size()));
    std::ranges::copy(rows.numbers(), vectors.row(begin).begin());
    done(begin + some.size());
  }
  return vectors;
}

class Packer {
 public:
  template <typename T>
  void put(const T* values, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes.append(reinterpret_cast<const char*>(values), count * sizeof(T));
  }
  template <typename T>
  void put(const std::vector<T>& values) {
    const std::uint64_t count = values.size();
    put(&count, 1);
    put(values.data(), values.size());
  }
  void put(const EmbeddingMatrix& rows) {
    const std::array<std::uint64_t, 2> shape{rows.rows(), rows.dimensions()};
    put(shape.data(), shape.size());
    put(rows.data(), rows.numbers().size());
  }
  std::string bytes;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  void take(T* values, std::uint64_t count) {
    need<T>(count);
    std::memcpy(values, bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
  }
  template <typename T>
  void take(std::vector<T>& values) {
    std::uint64_t count = 0;
    take(&count, 1);
    need<T>(count);
    values.resize(count);
    if (count > 0) take(values.data(), count);
  }
  void take(EmbeddingMatrix& rows) {
    std::array<std::uint64_t, 2> shape{};
    take(shape.data(), shape.size());
    if (shape[0] > 0) need<float>(shape[1]);
    if (shape[1] > 0 && shape[0] > bytes_.size() / sizeof(float) / shape[1]) {
      throw Error(Code::kInternal, "measurement: cut short");
    }
    rows = EmbeddingMatrix(shape[0], shape[1]);
    if (!rows.numbers().empty()) take(rows.data(), rows.numbers().size());
  }
  void end() const {
    if (!bytes_.empty()) throw Error(Code::kInternal, "measurement: bytes left over");
  }

 private:
  template <typename T>
  void need(std::uint64_t count) const {
    if (count > bytes_.size() / sizeof(T)) throw Error(Code::kInternal, "measurement: cut short");
  }

  std::string_view bytes_;
};

}  // namespace

Measurement measure(const FidelityOptions& options, DType dtype, const std::vector<Pixels>& images,
                    const std::vector<std::string>& texts, const base::OnProgress& on_progress) {
  const auto before = static_cast<double>(base::resident_memory().now);
  const auto added = [&](std::uint64_t bytes) { return std::max(0.0, static_cast<double>(bytes) - before); };
  EmbedderOptions embedder = options.embedder;
  embedder.dtype = dtype;
  Measurement m;
  std::unique_ptr<Subject> subject;
  m.load_seconds = seconds_of([&] { subject = open_subject(options.model, embedder); });
  m.resident_bytes = added(base::resident_memory().now);
  m.device = subject->device();
  m.images = timed_passes(
      std::span(images), options.batch, [&](std::span<const Pixels> some) { return subject->embed_images(some); },
      m.image_seconds,
      [&](std::size_t done) {
        if (on_progress) on_progress({"images", done, images.size()});
      });
  std::vector<bool> truncated;
  std::size_t cut = 0;
  m.texts = timed_passes(
      std::span(texts), options.batch,
      [&](std::span<const std::string> some) {
        auto [vectors, cut_texts] = subject->embed_texts(some);
        truncated = std::move(cut_texts);
        return std::move(vectors);
      },
      m.text_seconds,
      [&](std::size_t) { cut += static_cast<std::size_t>(std::count(truncated.begin(), truncated.end(), true)); });
  m.truncated_texts = static_cast<double>(cut);
  m.peak_bytes = std::max(m.resident_bytes, added(base::resident_memory().peak));
  check_unit_vectors(m.images, fmt::format("{}: image", name_of(dtype)));
  check_unit_vectors(m.texts, fmt::format("{}: text", name_of(dtype)));
  return m;
}

std::string pack(const Measurement& m) {
  Packer to;
  to.put(std::vector(m.device.begin(), m.device.end()));
  to.put(std::vector{m.load_seconds, m.resident_bytes, m.peak_bytes, m.truncated_texts});
  to.put(m.image_seconds);
  to.put(m.text_seconds);
  to.put(m.images);
  to.put(m.texts);
  return std::move(to.bytes);
}

Measurement unpack(std::string_view bytes) {
  Unpacker from(bytes);
  Measurement m;
  std::vector<char> device;
  from.take(device);
  m.device.assign(device.begin(), device.end());
  std::vector<double> numbers;
  from.take(numbers);
  if (numbers.size() != 4) throw Error(Code::kInternal, "measurement: not one");
  m.load_seconds = numbers[0];
  m.resident_bytes = numbers[1];
  m.peak_bytes = numbers[2];
  m.truncated_texts = numbers[3];
  from.take(m.image_seconds);
  from.take(m.text_seconds);
  from.take(m.images);
  from.take(m.texts);
  from.end();
  return m;
}

}  // namespace mi2::fidelity
