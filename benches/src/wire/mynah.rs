//! mynah's client as a C program uses it.

use std::ffi::{CString, c_void};
use std::ptr;

use mynah::ffi::client::*;
use mynah::ffi::client_options::*;
use mynah::ffi::event::*;
use mynah::ffi::request::*;
use mynah::ffi::response::*;

use super::{Caller, PROMPT};

/// A client for each path, made when it is first asked.
pub struct Mynah {
    port: u16,
    clients: Vec<(String, *mut mynah_client)>,
}

type Seen<'a> = &'a mut dyn FnMut(&[u8]);

extern "C" fn take(user: *mut c_void, event: *const mynah_event) -> i32 {
    let mut len = 0;
    // SAFETY: `user` is what `call` passes, and the event is lent to us.
    unsafe {
        if mynah_event_kind(event) == MYNAH_EVENT_TEXT {
            let text = mynah_event_text(event, &mut len);
            let seen = &mut *user.cast::<Seen>();
            seen(std::slice::from_raw_parts(text.cast(), len));
        }
    }
    0
}

/// A client of the server's path `path`.
pub fn client(port: u16, path: &str, options: &[(&str, &str)]) -> *mut mynah_client {
    let base = format!("http://127.0.0.1:{port}/{path}");
    let all = [
        ("provider", "openai"),
        ("openai_api", "chat"),
        ("model", "gpt-5.4-mini"),
        ("api_key", "k"),
        ("base_url", &base),
    ];
    let (mut client, mut error) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: live options, NUL-terminated texts, places for what is made.
    unsafe {
        let made = mynah_client_options_new();
        for (name, value) in all.iter().chain(options) {
            let (name, value) = (CString::new(*name).unwrap(), CString::new(*value).unwrap());
            let set = mynah_client_options_set(made, name.as_ptr(), value.as_ptr(), &mut error);
            assert_eq!(set, 0);
        }
        assert_eq!(mynah_client_new(made, &mut client, &mut error), 0);
        mynah_client_options_free(made);
    }
    client
}

/// The request that all make.
pub fn request() -> *mut mynah_request {
    let request = mynah_request_new();
    // SAFETY: a live request, texts with their lengths.
    unsafe {
        mynah_request_add_message(request, c"user".as_ptr(), PROMPT.as_ptr().cast(), PROMPT.len());
    }
    request
}

impl Mynah {
    pub fn new(port: u16) -> Mynah {
        Mynah { port, clients: Vec::new() }
    }

    fn client(&mut self, path: &str) -> *mut mynah_client {
        if let Some((_, client)) = self.clients.iter().find(|(known, _)| known == path) {
            return *client;
        }
        let made = client(self.port, path, &[]);
        self.clients.push((path.into(), made));
        made
    }
}

impl Caller for Mynah {
    fn name(&self) -> &'static str {
        "mynah"
    }

    fn call(&mut self, path: &str, mut seen: &mut dyn FnMut(&[u8])) {
        let client = self.client(path);
        let (mut response, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: live handles, places for what is made; `seen` outlives the
        // call; what is made is freed once.
        unsafe {
            let request = request();
            let none = ptr::null_mut();
            let user = ptr::from_mut(&mut seen).cast::<c_void>();
            let status = match path {
                "plain" => mynah_client_chat(client, request, none, &mut response, &mut error),
                _ => mynah_client_chat_stream(
                    client,
                    request,
                    Some(take),
                    user,
                    none,
                    &mut response,
                    &mut error,
                ),
            };
            assert_eq!(status, 0, "mynah failed");
            let mut len = 0;
            let text = mynah_response_text(response, &mut len);
            if path == "plain" {
                seen(std::slice::from_raw_parts(text.cast(), len));
            }
            mynah_response_free(response);
            mynah_request_free(request);
        }
    }
}

impl Drop for Mynah {
    fn drop(&mut self) {
        self.clients.iter().for_each(|(_, client)| mynah_client_free(*client));
    }
}
