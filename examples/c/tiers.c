/* tiers.c - the cheap model for what is easy, the able one for what is hard, and
 * what that saved. Against the mock, with the prices of two real models:
 *
 *   cc tiers.c $(pkg-config --cflags --libs mynah) && ./a.out */
#include <mynah.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const questions[] = {
    "Which bird says what it has heard?",
    "What is the plural of mynah?",
    "Prove that the square root of two is irrational, step by step.",
    "Say good morning in Portuguese.",
    "How many legs does a spider have?",
    "Implement a lock-free queue in C, explain why each barrier is needed, and compare its\n"
    "complexity with that of a queue under a mutex:\n```c\nstruct node { struct node *next; };\n```",
    "Name three fruits that are yellow.",
    "Design a schema for a library with loans, and evaluate the trade-off between a lookup by\n"
    "reader and one by book. Derive the number of rows after a year.",
    "Is Tuesday before Thursday?",
    "What rhymes with bird?",
};

static mynah_client *client_of(const char *model, const char *price, mynah_mock *mock) {
    mynah_client_options *options = mynah_client_options_new();
    mynah_client *client = NULL;
    mynah_client_options_set(options, "provider", "custom", NULL);
    mynah_client_options_set_base_url(options, mynah_mock_url(mock));
    mynah_client_options_set_model(options, model);
    mynah_client_options_set_price(options, price); /* USD per million tokens, in and out */
    mynah_client_new(options, &client, NULL);
    mynah_client_options_free(options);
    return client;
}

/* A value has no NUL at its end: to search it, copy it. A real program parses it. */
static char *copy(mynah_value *value) {
    size_t len = mynah_value_len(value);
    char *text = calloc(len + 1, 1);
    if (!text) abort();
    memcpy(text, mynah_value_data(value), len);
    mynah_value_free(value);
    return text;
}

int main(void) {
    mynah_mock *mock;
    mynah_tiered *tiers;
    if (mynah_mock_new(NULL, &mock, NULL) != MYNAH_OK) return 1;
    mynah_client *clients[] = {client_of("small", "small=0.15,0.60", mock),
                               client_of("large", "large=2.50,10.00", mock)};
    if (mynah_tiered_new(clients, 2, 0, &tiers, NULL) != MYNAH_OK) return 1;
    int failed = 0;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        mynah_request *request = mynah_request_new();
        mynah_response *answer = NULL;
        mynah_value *json = NULL;
        mynah_request_add_message(request, "user", questions[i], strlen(questions[i]));
        if (mynah_tiered_chat(tiers, request, NULL, &answer, NULL) == MYNAH_OK &&
            mynah_response_json(answer, &json) == MYNAH_OK) {
            char *copied = copy(json);
            const char *tier = strstr(copied, "\"tier\":");
            printf("%s  %.50s...\n", tier && tier[7] == '0' ? "small" : "large", questions[i]);
            free(copied);
        } else failed = 1;
        mynah_response_free(answer);
        mynah_request_free(request);
    }
    mynah_value *figures; /* calls, cost and savings of each tier, and of both */
    if (mynah_tiered_metrics_json(tiers, &figures) != MYNAH_OK) return 1;
    printf("%.*s\n", (int)mynah_value_len(figures), (const char *)mynah_value_data(figures));
    mynah_value_free(figures);
    mynah_tiered_free(tiers);
    mynah_client_free(clients[0]);
    mynah_client_free(clients[1]);
    mynah_mock_free(mock);
    return failed;
}
