//! Links the program statically and without libc's start-up.
fn main() {
    for argument in ["-nostartfiles", "-nostdlib", "-static", "-no-pie"] {
        println!("cargo:rustc-link-arg-bin=tollgate-shim={argument}");
    }
}
