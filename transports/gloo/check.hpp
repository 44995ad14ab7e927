#pragma once

#include <exception>
#include <string>

#include "core/error.hpp"

namespace weft::gloo {

/// What Gloo says of a failure, without the place in its sources that it puts in front.
std::string words_of(const std::exception& error);

/// Runs calls of Gloo's; what they throw becomes TransportError. `doing`: what they are to do.
template <typename Action>
void checked(const char* doing, Action action) {
  try {
    action();
  } catch (const std::exception& error) {
    throw TransportError(std::string("gloo: ") + doing + ": " + words_of(error));
  }
}

}  // namespace weft::gloo
