// Signatures that were found good stay good: a certificate and the grants under it are asked for at every opening.
#pragma once
#include "crypto/pair.hpp"

namespace xinyi::vault {

/// crypto::verify, with a memory of what verified before. Kept is only SHA-256(public key | signature | message), a public
/// fact; never a failure. Whether the key, certificate or grant is still in force is not asked here: that is read anew each
/// time. Thread-safe.
bool verify_known(const crypto::SignPublic& by, View message, const crypto::Signature& signature);

}  // namespace xinyi::vault
