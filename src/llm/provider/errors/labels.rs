//! Codes and types of errors, and what they mean whoever uses them.

use crate::error::Status;

/// Codes and types, whoever uses them: without letter case and `_`, since the
/// same word comes as `rate_limit_error` and as `RateLimitError`. What says no
/// more than an HTTP status (`api_error`, `server_error`) is not among them.
const LABELS: &[(Status, &[&str])] = &[
    (
        Status::QuotaExhausted,
        &[
            "insufficientquota",
            "billingerror",
            "exceededcurrentquotaerror",
            "billinghardlimitreached",
            "billingnotactive",
            "billingdisabled",
            "budgetexceeded",
            "creditlimit",
            "insufficientbalance",
            "insufficientcredits",
            "paymentrequired",
            "quotaexhausted",
            "usagelimitreached",
            "arrearage",
            "allocationquota.freetieronly",
            "notenoughbalance",
            "accountoverdueerror",
            "accountquotaexceeded",
            "operationdenied.serviceoverdue",
            "setlimitexceeded",
            "creditbalanceexhausted",
            "organizationspendlimitexceeded",
            "projectspendlimitexceeded",
            "organizationusagelimitexceeded",
            "enforcedspendlimitreached",
            "prepaidbilloverdue",
            "postpaidbilloverdue",
            "invalidsubscription",
            // Qianfan's.
            "accountoverdue",
            "codingplanhourquotaexceeded",
            "codingplanweekquotaexceeded",
            "codingplanmonthquotaexceeded",
            "insufficientuserquota",
            // watsonx.ai's, with a 403.
            "tokenquotareached",
            "preconsumetokenquotafailed",
            // OpenCode's, those of money with a 401.
            "creditserror",
            "monthlylimiterror",
            "userlimiterror",
            "freeusagelimiterror",
            "gousagelimiterror",
            "blackusagelimiterror",
            // xAI's, of what it gives away in a day.
            "subscription:freeusageexhausted",
            // Groq's, of a limit on spending.
            "blockedapiaccess",
            "1113",
            "1304",
            "1308",
            "1309",
            "1310",
            "1314",
            "1316",
            "1317",
            "1318",
            "1319",
            "1320",
            "1321",
            "30001",
            "402",
        ],
    ),
    (
        Status::Overloaded,
        &[
            "overloadederror",
            "overloaded",
            "engineoverloadederror",
            "engineoverloaded",
            "serveroverloaded",
            "serverisoverloaded",
            "serveroverload",
            "modelnotready",
            "unavailable",
            "serviceunavailable",
            "serviceunavailableerror",
            "modeloverloaded",
            "modelcapacityexhausted",
            "slowdown",
            "nocapacity",
            "servicetiercapacityexceeded",
            "capacityexceeded",
            "queueexceeded",
            "provideroverloaded",
            "insufficientsystemresource",
            "1305",
            "1312",
            "50505",
            "50603",
            "503",
            "529",
        ],
    ),
    (
        Status::ContextLength,
        &[
            "contextlengthexceeded",
            "contextwindowexceeded",
            "contextwindowexceedederror",
            "exceedcontextsizeerror",
            "modelmaxprompttokensexceeded",
            "tokenslimitreached",
            "tokenstoolong",
            "characterstoolong",
            "outofcontexterror",
            "1261",
        ],
    ),
    (
        Status::ContentFilter,
        &[
            "contentfilter",
            "contentpolicyviolation",
            "contentpolicyviolationerror",
            "imagecontentpolicyviolation",
            "responsibleaipolicyviolation",
            "moderation",
            "biopolicy",
            "cyberpolicy",
            "contentfiltererror",
            "datainspectionfailed",
            "moderationblocked",
            "sensitivecontentdetected",
            "inputtextsensitivecontentdetected",
            "outputtextsensitivecontentdetected",
            "inputimagesensitivecontentdetected",
            "inputvideosensitivecontentdetected",
            "outputimagesensitivecontentdetected",
            "outputvideosensitivecontentdetected",
            "inputtextriskdetection",
            "inputimageriskdetection",
            "outputtextriskdetection",
            "outputimageriskdetection",
            "sensitivewordsdetected",
            "promptblocked",
            "unsaferequest",
            // StepFun's.
            "censorshipblock",
            "censorshipblocked",
            // OpenRouter's, of a model that declines.
            "refusal",
            "safetycheckfailed",
            // Portkey's guardrails, with a 446.
            "hooksfailed",
            // Databricks'.
            "inputguardrailtriggered",
            "outputguardrailtriggered",
            "1301",
        ],
    ),
    (
        Status::Authentication,
        &[
            "authenticationerror",
            "autherror",
            "invalidapikey",
            "invalidauthenticationerror",
            "incorrectapikeyerror",
            "unauthenticated",
            "authentication",
            "apikeyinvalid",
            "unauthorized",
            "invalidauthentication",
            // FastGPT's.
            "unauthapikey",
            "unauthorization",
        ],
    ),
    (
        Status::Permission,
        &[
            "permissionerror",
            "permissiondenied",
            "permissiondeniederror",
            "permissionserror",
            "modelpermissionblockedproject",
            "modelpermissionblockedorg",
            "accessterminatederror",
            "unsupportedcountryregionterritory",
            "accessdenied",
            "organizationrestricted",
            // Z.ai: the account is not active, not there or locked.
            "1110",
            "1111",
            "1112",
            "1121",
            // Z.ai: the plan does not have the model.
            "1311",
        ],
    ),
    (
        Status::RateLimited,
        &[
            "ratelimiterror",
            "ratelimitexceeded",
            "ratelimitreachederror",
            "ratelimitreached",
            "throttling",
            "throttling.ratequota",
            "throttling.burstrate",
            "throttling.allocationquota",
            "1302",
            "1303",
            "toomanyrequests",
            // OpenRouter's, of what is being answered yet, with a 402.
            "inflightbudgetexhausted",
            "ratelimited",
            "resourceexhausted",
            "tokens",
            "requests",
            "429",
        ],
    ),
    (Status::ModelNotFound, SURELY_A_MODEL),
    (Status::ModelNotFound, &["resourcenotfounderror", "notfounderror", "notfound"]),
    (
        Status::BadRequest,
        &[
            "invalidrequesterror",
            "invalidargument",
            "badrequest",
            "badrequesterror",
            "invalidprompt",
            "dataresidencymismatch",
            "requesttoolarge",
            "validation",
            "validationerror",
            "unprocessableentity",
        ],
    ),
];

/// Labels of a missing model; the others that can mean one may mean any missing thing.
pub(super) const SURELY_A_MODEL: &[&str] = &[
    "modelnotfound",
    "20012",
    "1211",
    "deploymentnotfound",
    "modelnotavailable",
    "modelnotsupported",
    "modeldecommissioned",
    "unknownmodel",
    // GitHub's.
    "unavailablemodel",
    "invalidmodel",
];

/// The code that Amazon's own client puts into the words, where a gateway to Bedrock
/// hands on nothing else. Of a limit it says less than they do.
pub(super) fn of_amazon(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("An error occurred (")?;
    let (code, _) = rest.split_once(") when calling the ")?;
    (code != "ThrottlingException").then_some(code)
}

/// A label without its letter case and marks.
pub(super) fn bare(label: &str) -> String {
    let letters = label.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    let word = letters.collect::<String>().to_ascii_lowercase();
    // Amazon's names end so.
    word.strip_suffix("exception").map_or(word.clone(), Into::into)
}

/// What a bare label means. Volcengine and Alibaba say behind a dot which of its kind
/// it is, of which there are more than are known.
pub(super) fn by_label(label: &str) -> Option<Status> {
    let is_of = |label: &str| LABELS.iter().find(|(_, labels)| labels.contains(&label));
    let found = is_of(label).or_else(|| label.split_once('.').and_then(|(kind, _)| is_of(kind)));
    found.map(|(status, _)| *status)
}
