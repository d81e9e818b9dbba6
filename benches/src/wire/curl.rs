//! libcurl, which parses nothing: one easy handle, used again and again.

use super::PROMPT;

/// The body of the request, as a program with libcurl would write it.
pub fn body(path: &str) -> String {
    let stream = if path == "plain" { "" } else { r#","stream":true"# };
    format!(
        r#"{{"model":"gpt-5.4-mini","messages":[{{"role":"user","content":"{PROMPT}"}}]{stream}}}"#
    )
}

#[cfg(feature = "curl")]
pub use real::Curl;

#[cfg(feature = "curl")]
mod real {
    use std::ffi::{CString, c_char, c_int, c_long, c_void};
    use std::ptr;

    use super::super::Caller;

    #[link(name = "curl")]
    unsafe extern "C" {
        fn curl_easy_init() -> *mut c_void;
        fn curl_easy_setopt(curl: *mut c_void, option: c_int, ...) -> c_int;
        fn curl_easy_perform(curl: *mut c_void) -> c_int;
        fn curl_easy_cleanup(curl: *mut c_void);
        fn curl_slist_append(list: *mut c_void, text: *const c_char) -> *mut c_void;
        fn curl_slist_free_all(list: *mut c_void);
    }

    const NOSIGNAL: c_int = 99;
    const POSTFIELDSIZE: c_int = 60;
    const WRITEDATA: c_int = 10_001;
    const URL: c_int = 10_002;
    const HTTPHEADER: c_int = 10_023;
    const COPYPOSTFIELDS: c_int = 10_165;
    const WRITEFUNCTION: c_int = 20_011;

    pub struct Curl {
        curl: *mut c_void,
        headers: *mut c_void,
        port: u16,
    }

    type Seen<'a> = &'a mut dyn FnMut(&[u8]);

    /// libcurl's way of handing out bytes.
    extern "C" fn take(data: *const u8, size: usize, count: usize, user: *mut c_void) -> usize {
        // SAFETY: libcurl passes what WRITEDATA holds, and live bytes.
        unsafe {
            let seen = &mut *user.cast::<Seen>();
            seen(std::slice::from_raw_parts(data, size * count));
        }
        size * count
    }

    impl Curl {
        pub fn new(port: u16) -> Curl {
            // SAFETY: options with the types that libcurl's manual states.
            unsafe {
                let curl = curl_easy_init();
                let mut headers = ptr::null_mut();
                for line in [c"Authorization: Bearer k", c"Content-Type: application/json"] {
                    headers = curl_slist_append(headers, line.as_ptr());
                }
                curl_easy_setopt(curl, HTTPHEADER, headers);
                curl_easy_setopt(curl, WRITEFUNCTION, take as *const c_void);
                curl_easy_setopt(curl, NOSIGNAL, 1 as c_long);
                Curl { curl, headers, port }
            }
        }
    }

    impl Caller for Curl {
        fn name(&self) -> &'static str {
            "libcurl"
        }

        fn call(&mut self, path: &str, mut seen: &mut dyn FnMut(&[u8])) {
            let url = format!("http://127.0.0.1:{}/{path}/chat/completions", self.port);
            let url = CString::new(url).expect("no NUL");
            let body = CString::new(super::body(path)).expect("no NUL");
            // SAFETY: a live handle; `seen` outlives the call.
            unsafe {
                curl_easy_setopt(self.curl, URL, url.as_ptr());
                curl_easy_setopt(self.curl, POSTFIELDSIZE, body.as_bytes().len() as c_long);
                curl_easy_setopt(self.curl, COPYPOSTFIELDS, body.as_ptr());
                curl_easy_setopt(self.curl, WRITEDATA, ptr::from_mut(&mut seen).cast::<c_void>());
                assert_eq!(curl_easy_perform(self.curl), 0, "libcurl failed");
            }
        }
    }

    impl Drop for Curl {
        fn drop(&mut self) {
            // SAFETY: both were made in `new`, and are used no more.
            unsafe {
                curl_easy_cleanup(self.curl);
                curl_slist_free_all(self.headers);
            }
        }
    }
}
