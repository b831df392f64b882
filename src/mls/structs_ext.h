/*
 * Wire structs of draft-ietf-mls-extensions that Timbre uses.  Conventions: see structs_tree.h.
 */
#ifndef TB_MLS_STRUCTS_EXT_H
#define TB_MLS_STRUCTS_EXT_H

#include "wire/tls.h"

/* The app_data_dictionary extension; ids strictly ascending. */
#define MLS_COMPONENT_DATA(ROW, S)                                                                 \
    ROW(S, U16, component_id, NONE)                                                                \
    ROW(S, BYTES, data, NONE)
WIRE_STRUCT(mls_component_data, MLS_COMPONENT_DATA)

#define MLS_APP_DATA_DICTIONARY(ROW, S) ROW(S, VEC, component_data, mls_component_data)
WIRE_STRUCT(mls_app_data_dictionary, MLS_APP_DATA_DICTIONARY)

/* authenticated_data of every message once safe_aad is in the GroupContext; ids ascending. */
#define MLS_SAFE_AAD_ITEM(ROW, S)                                                                  \
    ROW(S, U16, component_id, NONE)                                                                \
    ROW(S, BYTES, aad_item_data, NONE)
WIRE_STRUCT(mls_safe_aad_item, MLS_SAFE_AAD_ITEM)

#define MLS_SAFE_AAD(ROW, S) ROW(S, VEC, aad_items, mls_safe_aad_item)
WIRE_STRUCT(mls_safe_aad, MLS_SAFE_AAD)

/* Data of the components app_components and safe_aad; ids ascending. */
#define MLS_COMPONENTS_LIST(ROW, S) ROW(S, VEC, component_ids, wire_u16)
WIRE_STRUCT(mls_components_list, MLS_COMPONENTS_LIST)

/* Extensions supported_wire_formats and required_wire_formats. */
#define MLS_WIRE_FORMATS(ROW, S) ROW(S, VEC, wire_formats, wire_u16)
WIRE_STRUCT(mls_wire_formats, MLS_WIRE_FORMATS)

/* Component content_media_types, and the framing that it switches on. */
#define MLS_PARAMETER(ROW, S)                                                                      \
    ROW(S, BYTES, parameter_name, NONE)                                                            \
    ROW(S, BYTES, parameter_value, NONE)
WIRE_STRUCT(mls_parameter, MLS_PARAMETER)

#define MLS_MEDIA_TYPE(ROW, S)                                                                     \
    ROW(S, BYTES, type, NONE)                                                                      \
    ROW(S, VEC, parameters, mls_parameter)
WIRE_STRUCT(mls_media_type, MLS_MEDIA_TYPE)

#define MLS_MEDIA_TYPE_LIST(ROW, S) ROW(S, VEC, media_type_list, mls_media_type)
WIRE_STRUCT(mls_media_type_list, MLS_MEDIA_TYPE_LIST)

#define MLS_APPLICATION_FRAMING(ROW, S)                                                            \
    ROW(S, SUB, media_type, mls_media_type)                                                        \
    ROW(S, BYTES, inner_application_content, NONE)
WIRE_STRUCT(mls_application_framing, MLS_APPLICATION_FRAMING)

/* Context of the safe sign, encrypt and export functions; base_label is "MLS Component". */
#define MLS_COMPONENT_OPERATION_LABEL(ROW, S)                                                      \
    ROW(S, BYTES, base_label, NONE)                                                                \
    ROW(S, U16, component_id, NONE)                                                                \
    ROW(S, BYTES, label, NONE)
WIRE_STRUCT(mls_component_operation_label, MLS_COMPONENT_OPERATION_LABEL)

#endif
