#pragma once
// Checks of the mi2::Error that something throws.

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

namespace mi2::test {

/// Runs `act`, which must throw an Error. @returns it.
template <typename Act>
Error error_of(Act&& act) {
  try {
    static_cast<void>(act());
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Code::kInternal, ""};
}

/// The error must have this code, and these words in its message.
inline void expect_error(Code code, const std::vector<std::string>& words, const std::function<void()>& act) {
  const Error error = error_of(act);
  EXPECT_EQ(name_of(error.code()), name_of(code)) << error.what();
  for (const std::string& word : words) EXPECT_THAT(error.what(), ::testing::HasSubstr(word));
}

}  // namespace mi2::test
