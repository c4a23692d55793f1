// Everything of this room.
#pragma once
#include "vault/content.hpp"
#include "vault/data_key.hpp"
#include "vault/grants.hpp"
#include "vault/people.hpp"
#include "vault/room_keys.hpp"
#include "vault/server_keys.hpp"
#include "vault/why.hpp"
