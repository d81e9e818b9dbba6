/* The functions that programs outside this repository are written against,
 * declared once more: where one of them changes its shape, this file does not
 * compile. Add to it; change nothing. */

#include "mynah.h"

mynah_cache_options *mynah_cache_options_new(void);
mynah_status mynah_cache_options_set(mynah_cache_options *, const char *, const char *, mynah_error **);
mynah_status mynah_cache_options_set_shard_count(mynah_cache_options *, uint32_t);
void mynah_cache_options_free(mynah_cache_options *);

mynah_status mynah_cache_new(const mynah_cache_options *, mynah_cache **, mynah_error **);
mynah_status mynah_cache_set(mynah_cache *, const void *, size_t, const void *, size_t, uint64_t);
mynah_status mynah_cache_get(mynah_cache *, const void *, size_t, mynah_value **);
mynah_status mynah_cache_get_into(mynah_cache *, const void *, size_t, void *, size_t, size_t *);
mynah_status mynah_cache_get_many(mynah_cache *, const void *, const size_t *, size_t, mynah_values **);
const void *mynah_values_get(const mynah_values *, size_t, size_t *);
void mynah_values_free(mynah_values *);
mynah_status mynah_cache_set_many(mynah_cache *, const void *, const size_t *, const void *,
                                  const size_t *, size_t, uint64_t);
mynah_status mynah_cache_get_or_claim(mynah_cache *, const void *, size_t, uint64_t, mynah_cancel *,
                                      mynah_value **, mynah_claim **);
mynah_status mynah_claim_fill(mynah_claim *, const void *, size_t, uint64_t);
mynah_status mynah_claim_fail(mynah_claim *, mynah_status, const char *);
void mynah_claim_free(mynah_claim *);
mynah_status mynah_cache_remove(mynah_cache *, const void *, size_t);
mynah_status mynah_cache_clear(mynah_cache *);
uint64_t mynah_cache_len(mynah_cache *);
uint64_t mynah_cache_memory_bytes(mynah_cache *);
uint32_t mynah_cache_shard_count(mynah_cache *);
mynah_status mynah_cache_resize(mynah_cache *, uint32_t, mynah_error **);
mynah_status mynah_cache_save(mynah_cache *, const char *, mynah_error **);
mynah_status mynah_cache_load(mynah_cache *, const char *, mynah_error **);
mynah_status mynah_cache_metrics_json(mynah_cache *, mynah_value **);
mynah_status mynah_cache_advise_json(mynah_cache *, mynah_value **);
void mynah_cache_free(mynah_cache *);

const void *mynah_value_data(const mynah_value *);
size_t mynah_value_len(const mynah_value *);
void mynah_value_free(mynah_value *);

mynah_client_options *mynah_client_options_new(void);
mynah_status mynah_client_options_set(mynah_client_options *, const char *, const char *, mynah_error **);
mynah_status mynah_client_options_set_cache(mynah_client_options *, mynah_cache *);
void mynah_client_options_free(mynah_client_options *);
mynah_status mynah_client_new(const mynah_client_options *, mynah_client **, mynah_error **);
void mynah_client_free(mynah_client *);

mynah_request *mynah_request_new(void);
mynah_status mynah_request_add_message(mynah_request *, const char *, const char *, size_t);
mynah_status mynah_request_add_response(mynah_request *, const mynah_response *);
mynah_status mynah_request_add_message_json(mynah_request *, const char *, size_t, mynah_error **);
mynah_status mynah_request_add_tool_result(mynah_request *, const char *, const char *, size_t, int32_t);
mynah_status mynah_request_add_tool(mynah_request *, const char *, const char *, const char *, mynah_error **);
mynah_status mynah_request_set(mynah_request *, const char *, const char *, mynah_error **);
mynah_status mynah_request_from_json(const char *, size_t, mynah_request **, mynah_error **);
void mynah_request_free(mynah_request *);

mynah_status mynah_client_chat(mynah_client *, const mynah_request *, mynah_cancel *, mynah_response **,
                               mynah_error **);
mynah_status mynah_client_chat_stream(mynah_client *, const mynah_request *, mynah_stream_fn, void *,
                                      mynah_cancel *, mynah_response **, mynah_error **);
mynah_status mynah_client_embed_json(mynah_client *, const char *, size_t, mynah_cancel *, mynah_value **,
                                     mynah_error **);
mynah_status mynah_client_metrics_json(mynah_client *, mynah_value **);
mynah_status mynah_client_metrics_prometheus(mynah_client *, mynah_value **);

mynah_cancel *mynah_cancel_new(void);
void mynah_cancel_trigger(mynah_cancel *);
void mynah_cancel_free(mynah_cancel *);

int32_t mynah_event_kind(const mynah_event *);
const char *mynah_event_text(const mynah_event *, size_t *);
int32_t mynah_event_choice(const mynah_event *);
int32_t mynah_event_tool_index(const mynah_event *);
const char *mynah_event_tool_id(const mynah_event *, size_t *);
const char *mynah_event_tool_name(const mynah_event *, size_t *);
mynah_status mynah_event_json(const mynah_event *, mynah_value **);

const char *mynah_response_text(const mynah_response *, size_t *);
mynah_status mynah_response_json(const mynah_response *, mynah_value **);
void mynah_response_free(mynah_response *);

int32_t mynah_error_status(const mynah_error *);
const char *mynah_error_message(const mynah_error *);
mynah_status mynah_error_json(const mynah_error *, mynah_value **);
void mynah_error_free(mynah_error *);

mynah_mock_options *mynah_mock_options_new(void);
mynah_status mynah_mock_options_set(mynah_mock_options *, const char *, const char *, mynah_error **);
void mynah_mock_options_free(mynah_mock_options *);
mynah_status mynah_mock_new(const mynah_mock_options *, mynah_mock **, mynah_error **);
const char *mynah_mock_url(mynah_mock *);
void mynah_mock_free(mynah_mock *);

mynah_status mynah_queue_new(uint32_t, mynah_queue **, mynah_error **);
mynah_status mynah_queue_next(mynah_queue *, uint64_t, mynah_item **);
mynah_status mynah_queue_wake(mynah_queue *);
intptr_t mynah_queue_fd(mynah_queue *);
void mynah_queue_free(mynah_queue *);

/* Constants are numbers that the preprocessor knows. */
#if MYNAH_OK != 0 || MYNAH_NOT_FOUND != 6 || MYNAH_INTERNAL != 31
#error "a status has another number"
#endif
static const uint64_t ttls[] = {MYNAH_TTL_DEFAULT, MYNAH_TTL_NEVER};
static const int32_t kinds[] = {MYNAH_EVENT_START, MYNAH_EVENT_TEXT, MYNAH_EVENT_REASONING,
                                MYNAH_EVENT_REFUSAL, MYNAH_EVENT_TOOL_CALL, MYNAH_EVENT_TOOL_CALL_END,
                                MYNAH_EVENT_USAGE, MYNAH_EVENT_FINISH, MYNAH_EVENT_RAW,
                                MYNAH_EVENT_OTHER};
typedef char one_kind_for_each[sizeof kinds / sizeof *kinds == 10 ? 1 : -1];

static int32_t on_event(void *user, const mynah_event *event) {
    (void)user;
    (void)event;
    return (int32_t)(kinds[0] + (int32_t)ttls[0]);
}

int main(void) {
    mynah_stream_fn callback = on_event;
    return callback == 0;
}
