//! Names the shared library for the loader, as cargo sets no soname itself, keeps it
//! loaded, and hands on what `mynah_build_info_json` tells.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    println!("cargo:rustc-env=MYNAH_TARGET={}", told("TARGET"));
    println!("cargo:rustc-env=MYNAH_PROFILE={}", told("PROFILE"));
    let compiler = Command::new(told("RUSTC")).arg("--version").output();
    let compiler = compiler.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_string());
    println!("cargo:rustc-env=MYNAH_RUSTC={}", compiler.unwrap_or_default());
    let major = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux" | "android" | "freebsd") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmynah.so.{major}");
            // It has threads, and destructors for those of the program: its code
            // stays when a program has closed it.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
        Ok("macos") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libmynah.{major}.dylib");
        }
        _ => {}
    }
}
