#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worlds/world.hpp"

namespace weft {

/// Passes everything on to another World; a test overrides what it wants otherwise.
class ForwardingWorld : public World {
 public:
  explicit ForwardingWorld(World& world) : world_(world) {}

  std::string_view name() const override { return world_.name(); }
  int rank() const override { return world_.rank(); }
  int ranks() const override { return world_.ranks(); }
  std::vector<std::string> allgather(std::string_view mine) override { return world_.allgather(mine); }
  void abort(std::string_view reason) noexcept override { world_.abort(reason); }
  void check() override { world_.check(); }
  void set_deadline(Nanoseconds from_now, const char* doing) override { world_.set_deadline(from_now, doing); }

 private:
  World& world_;
};

}  // namespace weft
