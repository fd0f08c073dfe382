#pragma once
// Rows shaped like an archive's: they lie in a cone, and a series is a path of slices that hardly differ from their
// neighbours.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace mi2::test {

inline void make_unit(std::span<float> row) {
  double squares = 0;
  for (const float value : row) squares += static_cast<double>(value) * value;
  for (float& value : row) value = static_cast<float>(value / std::sqrt(squares));
}

struct SeriesRows {
  std::size_t dimensions = 0;
  std::vector<float> rows;             ///< [studies * slices, dimensions]
  std::vector<std::uint32_t> study;    ///< of each row
  std::vector<std::uint32_t> patient;  ///< of each row; some have several studies

  [[nodiscard]] std::size_t count() const { return study.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return std::span(rows).subspan(i * dimensions, dimensions);
  }

  SeriesRows(std::size_t studies, std::size_t slices, std::size_t width, unsigned seed) : dimensions(width) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    const auto direction = [&] {
      std::vector<float> values(width);
      for (float& value : values) value = normal(random);
      make_unit(values);
      return values;
    };
    const std::vector<float> axis = direction();
    for (std::uint32_t s = 0; s < studies; ++s) {
      const std::vector<float> centre = direction();
      const std::vector<float> along = direction();
      for (std::size_t slice = 0; slice < slices; ++slice) {
        const float at = static_cast<float>(slice) / static_cast<float>(slices) - 0.5F;
        std::vector<float> row(width);
        for (std::size_t d = 0; d < width; ++d) {
          row[d] = axis[d] + 0.8F * centre[d] + 0.3F * at * along[d] +
                   0.01F / std::sqrt(static_cast<float>(width)) * normal(random);
        }
        make_unit(row);
        rows.insert(rows.end(), row.begin(), row.end());
        study.push_back(s);
        patient.push_back(s * 2 / 3);
      }
    }
  }

  /// A vector near a row, as of another image of its kind.
  [[nodiscard]] std::vector<float> image_query(std::size_t near, unsigned seed) const {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> query(row(near).begin(), row(near).end());
    for (float& value : query) value += 0.1F / std::sqrt(static_cast<float>(dimensions)) * normal(random);
    make_unit(query);
    return query;
  }

  /// A vector that is about as far from all rows, as of a text.
  [[nodiscard]] std::vector<float> text_query(unsigned seed) const {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> query(dimensions);
    for (float& value : query) value = normal(random);
    make_unit(query);
    for (std::size_t d = 0; d < dimensions; ++d) query[d] += 0.3F * row(0)[d];
    make_unit(query);
    return query;
  }
};

}  // namespace mi2::test
