#include "transports/gloo/check.hpp"

namespace weft::gloo {

std::string words_of(const std::exception& error) {
  const std::string words = error.what();
  const std::size_t place = words.front() == '[' ? words.find("] ") : std::string::npos;
  return place == std::string::npos ? words : words.substr(place + 2);
}

}  // namespace weft::gloo
