//! Links the two programs without libc as their own packages do.
fn main() {
    for program in ["tollgate-shim", "tollgate-supervisor"] {
        for argument in ["-nostartfiles", "-nostdlib", "-static", "-no-pie"] {
            println!("cargo:rustc-link-arg-bin={program}={argument}");
        }
    }
}
