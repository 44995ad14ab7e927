#pragma once

#include "plugins/plugin.hpp"

namespace example {

weft::Transport fifo();
weft::Algorithm star();
weft::Pattern mirror();

}  // namespace example
