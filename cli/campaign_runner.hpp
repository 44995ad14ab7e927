#pragma once

#include "analysis/campaign.hpp"

namespace weft::cli {

/// Runs what is missing of a campaign, one launch after the other, and keeps campaign.json true all the while. A line
/// per launch goes to stderr; what the launches print, to FOLDER.log beside their run folder. Gives the worst exit code
/// of the launches; that of the last where three failed in a row (or one, with stop_on_failure); 128 + signal where
/// one ended it. Throws UsageError where another process is at work in the campaign, where a program or the directory
/// is not there, and where a launch ended well and left no run folder.
int run_campaign(Campaign& campaign);

}  // namespace weft::cli
