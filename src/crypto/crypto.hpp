// Everything of this room.
#pragma once
#include "crypto/encode.hpp"
#include "crypto/hash.hpp"
#include "crypto/pair.hpp"
#include "crypto/password.hpp"
#include "crypto/seal.hpp"
#include "crypto/secret.hpp"
#include "crypto/start.hpp"
