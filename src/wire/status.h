/* Why a decoder refuses.  One code, one cause. */
#ifndef TB_WIRE_STATUS_H
#define TB_WIRE_STATUS_H

#include "base/status.h"

#define WIRE_STATUS_LIST(CODE)                                                                     \
    CODE(WIRE_TRUNCATED, 100, "the input ends inside a field")                                     \
    CODE(WIRE_TRAILING, 101, "octets follow the end of the value")                                 \
    CODE(WIRE_LENGTH_FORM, 102, "a length prefix is not in its shortest form or is reserved")      \
    CODE(WIRE_LENGTH_RANGE, 103, "a field is shorter or longer than its row allows")               \
    CODE(WIRE_PRESENCE, 104, "the octet of an optional value is neither 0 nor 1")                  \
    CODE(WIRE_UNKNOWN_TAG, 105, "the tag of a select has no arm")                                  \
    CODE(WIRE_VALUE, 106, "a field with a fixed value has another one")                            \
    CODE(WIRE_CBOR_FORM, 110, "the CBOR is not in deterministic form")                             \
    CODE(WIRE_CBOR_TYPE, 111, "a CBOR item has another type than the format asks for")             \
    CODE(WIRE_CBOR_DEPTH, 112, "the CBOR is nested too deeply")                                    \
    CODE(WIRE_TEXT, 115, "a text is not valid UTF-8, hexadecimal or base64")                       \
    CODE(WIRE_URI, 116, "an identifier is not a canonical MIMI URI")

enum wire_status_code {
#define WIRE_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    WIRE_STATUS_LIST(WIRE_STATUS_ENUM)
};

#endif
