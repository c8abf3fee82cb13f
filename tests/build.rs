//! Links the two programs without libc as their own packages do, and `probe`
//! without symbols: it is copied into every sandbox, and hashed there.
fn main() {
    for program in ["tollgate-shim", "tollgate-supervisor"] {
        for argument in ["-nostartfiles", "-nostdlib", "-static", "-no-pie"] {
            println!("cargo:rustc-link-arg-bin={program}={argument}");
        }
    }
    println!("cargo:rustc-link-arg-bin=probe=-s");
}
