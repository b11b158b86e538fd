//! Tells the program which folder of web pages to embed. Never runs npm: without a built `web/dist` the pages
//! only say how to build them.

use std::path::{Path, PathBuf};
use std::{env, fs};

const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>faxun</title>\
<p>The web pages are not built into this program. Run <code>make web</code>, then build again.</p></html>\n";

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = root.join("web/dist");
    // Cargo takes a missing path as always changed and would rebuild every time. A read-only checkout may do so.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=web/dist");
    let folder = if dist.join("index.html").is_file() {
        dist
    } else {
        placeholder(Path::new(&env::var_os("OUT_DIR").unwrap_or_default()))?
    };
    println!("cargo::rustc-env=FAXUN_WEB_DIST={}", folder.display());
    Ok(())
}

fn placeholder(out: &Path) -> std::io::Result<PathBuf> {
    let folder = out.join("pages");
    fs::create_dir_all(&folder)?;
    for page in ["index.html", "desk.html"] {
        fs::write(folder.join(page), UNBUILT)?;
    }
    Ok(folder)
}
