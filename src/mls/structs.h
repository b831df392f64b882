/* Every wire struct of MLS whose octets are public. */
#ifndef TB_MLS_STRUCTS_H
#define TB_MLS_STRUCTS_H

#include "mls/codepoints.h"
#include "mls/structs_ext.h"
#include "mls/structs_group.h"
#include "mls/structs_msg.h"
#include "mls/structs_tree.h"

#endif
