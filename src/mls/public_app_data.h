/*
 * The app_data_dictionary extension of the GroupContext and its updates
 * (draft-ietf-mls-extensions, sections 4.6 and 4.7).
 *
 * What an update does to a component is the application's knowledge.  It comes as a function, so
 * that members and delivery services that share it compute the same GroupContext.
 */
#ifndef TB_MLS_PUBLIC_APP_DATA_H
#define TB_MLS_PUBLIC_APP_DATA_H

#include "mls/status.h"
#include "mls/structs.h"

/* AppDataUpdate proposals that one commit may hold. */
enum { MLS_APP_DATA_UPDATE_COUNT_MAX = 256 };

struct mls_public_app_data {
    void *ctx;
    /*
     * The new data of a component after the updates of one commit, in their order; in the arena or
     * a view of an argument.  old: empty when is_present is false.  Any refusal makes the list of
     * proposals invalid.
     */
    tb_status (*update)(void *ctx, uint16_t component_id, bool is_present, tb_bytes old,
                        const tb_bytes *updates, size_t update_count, struct tb_arena *arena,
                        tb_bytes *out);
};

/* The extension's data in a list; false when the list has none of this type. */
bool mls_public_extension_find(const struct mls_extension *extensions, size_t extension_count,
                               uint16_t extension_type, tb_bytes *extension_data);
/* MLS_EXTENSION_DUPLICATE (RFC 9420, section 13.4). */
TB_MUST_USE tb_status mls_public_extensions_distinct(const struct mls_extension *extensions,
                                                     size_t extension_count);

/* MLS_DICTIONARY_ORDER unless ids ascend strictly; a WIRE_ status when it is no dictionary. */
TB_MUST_USE tb_status mls_public_dictionary_check(tb_bytes dictionary);
/* The component's data in a dictionary that was checked. */
bool mls_public_dictionary_find(tb_bytes dictionary, uint16_t component_id, tb_bytes *data);

/* authenticated_data as strictly ascending Safe AAD items (section 4.9): MLS_SAFE_AAD or OK. */
TB_MUST_USE tb_status mls_public_safe_aad_check(tb_bytes authenticated_data);

/*
 * Apply AppDataUpdate proposals, in the order of the commit.  app_data NULL: the last update
 * replaces the data.  dictionary: the extension's data before, empty when the extension is absent.
 * MLS_PROPOSALS_APP_DATA for contradictions and for the removal of what is not there; TB_TOO_LONG
 * for more updates than the limit.
 */
TB_MUST_USE tb_status mls_public_dictionary_apply(const struct mls_public_app_data *app_data,
                                                  tb_bytes dictionary,
                                                  const struct mls_app_data_update *const *updates,
                                                  size_t update_count, struct tb_arena *arena,
                                                  tb_bytes *out);

#endif
