#include "recipe/recipe.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "recipe/step.hpp"
#include "support/expect_error.hpp"

namespace mi2::recipe {
namespace {

constexpr const char* kSmall = R"(
title: T
about: A
licence: L
task: labels
rows: [{table: t.csv, columns: {image: id}}]
texts: {template: "{label}"}
splits: {all: {drawn: {test: 1}}}
)";

TEST(Recipe, BuiltInOnesNameStepsThatThereAreAndTextsThatThereAre) {
  EXPECT_EQ(label_texts().size(), 973U);
  for (const auto& [name, recipe] : built_in_recipes()) {
    EXPECT_EQ(recipe.name, name);
    for (const std::string& step : recipe.steps) EXPECT_NO_THROW(find_step(step)) << name;
    // Without rows of the published texts, those of the recipe are its own.
    for (const auto& [label, text] : recipe.texts.rows ? recipe.texts.labels : Words()) {
      EXPECT_NE(std::ranges::find(label_texts(), text), label_texts().end()) << name << ": " << text;
    }
  }
}

TEST(Recipe, RefusesWhatItDoesNotKnowByLineAndKey) {
  EXPECT_EQ(parse_recipe(kSmall, "n", "r.yaml").rows.size(), 1U);
  const auto refused = [](const std::string& more, const std::vector<std::string>& words) {
    mi2::test::expect_error(Code::kBadFile, words, [&] { parse_recipe(kSmall + more, "n", "r.yaml"); });
  };
  refused("exclude: [{column: a, because: b}]\n", {"r.yaml:9", "exclude[0]", "is_not"});
  refused("image: {key: a, by: size}\n", {"image.by", "'size'", "stem or name"});
  refused("captions: [a]\n", {"captions"});
  refused("settings: {a: {default: b}}\n", {"settings.a", "lacks the key 'help'"});
  refused("join: [{table: a, columns: {b: c}}]\n", {"join[0]", "lacks the key 'on'"});
}

TEST(Recipe, OfANameThatIsNoneSaysTheNearest) {
  mi2::test::expect_error(Code::kBadArgument, {"'isic19'", "did you mean 'isic2019'"}, [] { find_recipe("isic19"); });
}

}  // namespace
}  // namespace mi2::recipe
