// Routes of the roster.
#pragma once
#include "http/contract.hpp"

namespace xinyi::people {

void add_routes(http::Routes& routes);

/// Removes uploaded files older than an hour, with their rows. Any call of the upload route does it too; a job may.
void clear_old_uploads(storage::WriteTx& tx, const std::string& data_dir, Instant now);

}  // namespace xinyi::people
