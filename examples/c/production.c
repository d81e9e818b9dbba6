/* production.c - what a service sets: tiers, limits, a breaker, figures to watch.
 *
 *   cc production.c $(pkg-config --cflags --libs mynah) && ./a.out */
#include <mynah.h>
#include <stdio.h>
#include <string.h>

/* Told from any thread: keep it short. A real program sends it to its pager. */
static void alert(void *user, const char *name, int32_t raised, double value, double threshold) {
    (void)user;
    fprintf(stderr, "%s %s: %g, threshold %g\n", raised ? "ALERT" : "fine again", name, value, threshold);
}
static void breaker(void *user, int32_t from, int32_t to, const char *reason) {
    (void)user, (void)from;
    fprintf(stderr, "breaker %s: %s\n", to == MYNAH_BREAKER_OPEN ? "open" : "changed", reason);
}

static mynah_client *client_of(const char *model, const char *price, mynah_mock *mock, mynah_cache *answers) {
    /* One text for all of it, such as a configuration file would hold. */
    static const char json[] =
        "{\"provider\": \"custom\", \"preset\": \"production\","
        " \"timeout_ms\": 20000, \"retry_count\": 1, \"retry_delay_ms\": 50,"
        " \"rate_limit_rpm\": 6000, \"rate_limit_tpm\": 2000000, \"max_in_flight\": 64,"
        " \"breaker_failure_threshold\": 3, \"breaker_reset_timeout_ms\": 30000,"
        " \"alert_min_success_rate\": 0.95, \"alert_max_p99_ms\": 15000}";
    mynah_client_options *options = mynah_client_options_new();
    mynah_client *client = NULL;
    mynah_error *error = NULL;
    if (mynah_client_options_load_json(options, json, sizeof json - 1, &error) == MYNAH_OK) {
        mynah_client_options_set_base_url(options, mynah_mock_url(mock));
        mynah_client_options_set_model(options, model);
        mynah_client_options_set_price(options, price); /* USD per million tokens */
        mynah_client_options_set_cache(options, answers); /* shared by all clients */
        mynah_client_options_on_alert(options, alert, NULL, NULL);
        mynah_client_options_on_breaker(options, breaker, NULL, NULL);
        mynah_client_new(options, &client, &error);
    }
    if (!client) fprintf(stderr, "%s\n", mynah_error_message(error));
    mynah_error_free(error);
    mynah_client_options_free(options);
    return client;
}

int main(void) {
    /* The cheap provider is down today: the able one has to answer. */
    mynah_mock_options *trouble = mynah_mock_options_new();
    mynah_mock *down, *up;
    mynah_mock_options_set(trouble, "status", "503", NULL);
    if (mynah_mock_new(trouble, &down, NULL) || mynah_mock_new(NULL, &up, NULL)) return 1;
    mynah_cache *answers;
    if (mynah_cache_new(NULL, &answers, NULL) != MYNAH_OK) return 1;
    mynah_client *clients[] = {client_of("small", "small=0.15,0.60", down, answers),
                               client_of("large", "large=3,12", up, answers)};
    mynah_tiered *tiers; /* takes hold of the clients; checks that both are there */
    if (mynah_tiered_new(clients, 2, 0, &tiers, NULL) != MYNAH_OK) return 1;

    int failed = 0;
    for (int i = 0; i < 5; i++) {
        char question[32];
        mynah_request *request = mynah_request_new();
        mynah_response *answer;
        snprintf(question, sizeof question, "Question %d?", i);
        mynah_request_add_message(request, "user", question, strlen(question));
        failed |= mynah_tiered_chat(tiers, request, NULL, &answer, NULL) != MYNAH_OK;
        mynah_request_free(request);
        mynah_response_free(answer);
    }
    mynah_value *figures; /* per tier; a client has its own, for Prometheus too */
    if (mynah_tiered_metrics_json(tiers, &figures) == MYNAH_OK)
        printf("%.*s\n", (int)mynah_value_len(figures), (const char *)mynah_value_data(figures));
    mynah_value_free(figures);
    mynah_tiered_free(tiers);
    for (int i = 0; i < 2; i++) mynah_client_free(clients[i]);
    mynah_cache_free(answers), mynah_mock_free(down), mynah_mock_free(up);
    mynah_mock_options_free(trouble);
    return failed;
}
