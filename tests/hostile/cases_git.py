"""Hostile content of a Git repository."""

from suite import CONFIG_MAP, MIB, case


def laughs(levels, width, write):
    """Each level is `width` times the one before."""
    lines = [write(0, ["&a0 lol"])]
    lines += [write(i, [f"*a{i - 1}"] * width) for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@case
def yaml_bomb_of_aliases(h):
    bomb = laughs(12, 10, lambda i, of: f"a{i}: " + (of[0] if i == 0 else f"&a{i} [{', '.join(of)}]"))
    h.repository({"a.yaml": CONFIG_MAP + bomb})
    h.plan(says=["a.yaml:", "aliases"])


@case
def yaml_bomb_of_aliases_as_mappings(h):
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{i}: &a{i} {{" + ", ".join(f"k{j}: *a{i - 1}" for j in range(10)) + "}" for i in range(1, 14)]
    h.repository({"a.yaml": CONFIG_MAP + "\n".join(lines) + "\n"})
    h.plan(says=["a.yaml:", "aliases"])


@case
def yaml_bomb_of_merge_keys(h):
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{i}: &a{i} {{<<: [" + ", ".join([f"*a{i - 1}"] * 50) + f"], k{i}: v}}" for i in range(1, 2000)]
    h.repository({"a.yaml": CONFIG_MAP + "\n".join(lines) + "\n"})
    h.plan(says="a.yaml")


@case
def yaml_bomb_in_rhumb_yaml(h):
    bomb = laughs(12, 10, lambda i, of: f"a{i}: " + (of[0] if i == 0 else f"&a{i} [{', '.join(of)}]"))
    h.repository({"rhumb.yaml": "apiVersion: rhumb.dev/v1\nkind: Config\n" + bomb})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "HEAD", says="rhumb.yaml:")


@case
def yaml_alias_of_itself(h):
    h.repository({"a.yaml": CONFIG_MAP + "a: &a [*a]\n"})
    h.plan(says="a.yaml:7:")


@case
def manifest_of_100_MB_on_one_line(h):
    h.repository({"a.yaml": b"data: " + b"a" * (100 * MIB)})
    h.plan(says=["a.yaml", "GIT_MAX_FILE"])


@case
def manifest_of_16_MB_on_one_line(h):
    h.repository({"a.yaml": b"data: " + b"a" * (16 * MIB - 10)})
    h.plan(says="a.yaml")


@case
def manifest_of_16_MB_of_brackets(h):
    h.repository({"a.yaml": b"[" * (16 * MIB - 10)})
    h.plan(says=["a.yaml", "nested"])


@case
def manifest_of_16_MB_of_short_items(h):
    h.repository({"a.yaml": b"a: [" + b"1," * (8 * MIB - 10) + b"]\n"})
    h.plan(says="a.yaml")


@case
def manifest_of_16_MB_of_colons(h):
    h.repository({"a.yaml": b"? " * (8 * MIB - 10)})
    h.plan(says="a.yaml")


@case
def manifest_of_16_MB_of_keys(h):
    h.repository({"a.yaml": "".join(f"k{i}: v\n" for i in range(1200000))})
    h.plan(says="a.yaml")


@case
def rhumb_yaml_of_100_MB(h):
    h.repository({"rhumb.yaml": b"apiVersion: " + b"a" * (100 * MIB), "a.yaml": CONFIG_MAP})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "HEAD", says=["rhumb.yaml", "bytes"])


@case
def rhumbignore_of_100_MB(h):
    h.repository({".rhumbignore": b"a" * (100 * MIB), "a.yaml": CONFIG_MAP})
    h.plan(says=[".rhumbignore", "bytes"])


@case
def rhumbignore_that_matches_slowly(h):
    names = {f"{'a' * 200}{i}.yaml": CONFIG_MAP for i in range(200)}
    h.repository({".rhumbignore": ("*a" * 60 + "b\n") * 900, **names})
    h.plan(says="yaml")


@case
def rhumbignore_that_matches_slowly_over_folders(h):
    names = {f"{'a/' * 60}{i}.yaml": CONFIG_MAP for i in range(100)}
    h.repository({".rhumbignore": ("**/a/" * 40 + "b\n") * 500, **names})
    h.plan(says="yaml")


@case
def nesting_of_100000_in_YAML_flow(h):
    h.repository({"a.yaml": "a: " + "[" * 100000 + "]" * 100000 + "\n"})
    h.plan(says=["a.yaml:1:", "nested"])


@case
def nesting_of_100000_in_YAML_flow_mappings(h):
    h.repository({"a.yaml": "{a: " * 100000 + "1" + "}" * 100000 + "\n"})
    h.plan(says=["a.yaml:1:", "nested"])


@case
def nesting_of_100000_in_YAML_blocks(h):
    h.repository({"a.yaml": "- " * 100000 + "a\n"})
    h.plan(says=["a.yaml:1:", "nested"])


@case
def nesting_of_3000_in_YAML_blocks_by_indentation(h):
    h.repository({"a.yaml": "".join(" " * i + "a:\n" for i in range(3000))})
    h.plan(says=["a.yaml:", "nested"])


@case
def nesting_of_100000_in_JSON(h):
    h.repository({"a.json": '{"a":' * 100000 + "1" + "}" * 100000})
    h.plan(says=["a.json:1:", "nested"])


@case
def a_million_documents(h):
    h.repository({"a.yaml": "a\n---\n" * 1000000})
    h.plan(says="a.yaml")


@case
def a_million_empty_documents(h):
    h.repository({"a.yaml": CONFIG_MAP + "---\n" * 1000000})
    h.plan(status=(0, 1))


@case
def a_million_tiny_objects(h):
    """As a List, in what a file may hold."""
    item = "- {apiVersion: v1, kind: A, metadata: {name: a}}\n"
    h.repository({"a.yaml": "apiVersion: v1\nkind: List\nitems:\n" + item * (15 * MIB // len(item))})
    h.plan(says="a.yaml")


@case
def nested_lists_of_lists(h):
    inner = CONFIG_MAP.replace("\n", "\n  ")
    text = '{"apiVersion":"v1","kind":"List","items":[' * 100 + "]}" * 100
    h.repository({"a.yaml": inner and text})
    h.plan(status=(0, 1))


@case
def keys_of_a_megabyte(h):
    h.repository({"a.yaml": CONFIG_MAP + "".join("  " + "k" * MIB + f"{i}: v\n" for i in range(12))})
    h.plan(says="a.yaml")


@case
def a_key_of_a_megabyte_in_the_object(h):
    h.repository({"a.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"%s":1}' % ("k" * MIB)})
    h.plan(status=(0, 1), peak=96 * MIB)


@case
def a_name_of_a_megabyte(h):
    h.repository({"a.yaml": CONFIG_MAP.replace("name: a", "name: " + "n" * MIB)})
    h.plan(says="a.yaml:")


@case
def cyclic_symlinks(h):
    h.repository({"a": ("120000", "b"), "b": ("120000", "a"), "c.yaml": ("120000", "c.yaml"), "d.yaml": CONFIG_MAP})
    h.plan(says="circle")


@case
def symlink_to_the_own_folder(h):
    h.repository({"a/b/c.yaml": CONFIG_MAP, "a/b/again": ("120000", ".."), "a/b/more": ("120000", "../..")})
    h.plan(says="a/b")


@case
def symlinks_that_multiply(h):
    """Twenty folders with two links each to the next: a million paths."""
    files = {f"f{i}/{x}": ("120000", f"../f{i + 1}") for i in range(20) for x in "ab"}
    h.repository({**files, "f20/c.yaml": CONFIG_MAP})
    h.plan(says="f")


@case
def symlinks_that_leave_the_tree(h):
    for i, target in enumerate(["/etc/passwd", "../../../etc/passwd", "a/../../x", "../repository/config"]):
        h.repository({"a/x": "x", "l.yaml": ("120000", target)}, name=f"r{i}")
        h.rhumb("plan", "-C", h.path(f"r{i}"), "--cluster", "none", "--base", "none", "--path", ".",
                status=1, says=["l.yaml", "leaves the repository"])


@case
def symlink_in_place_of_rhumb_yaml(h):
    h.repository({"rhumb.yaml": ("120000", "/etc/passwd"), "a.yaml": CONFIG_MAP})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "HEAD", status=1,
            says=["rhumb.yaml", "leaves the repository"])


@case
def submodule(h):
    h.repository({"a.yaml": CONFIG_MAP, "vendor": ("160000", "0123456789" * 4)})
    h.plan(status=0, says=["vendor", "submodule"])


@case
def symlink_into_a_submodule(h):
    h.repository({"a.yaml": ("120000", "vendor/a.yaml"), "vendor": ("160000", "0123456789" * 4)})
    h.plan(says="submodule")


@case
def file_names_with_escape_sequences(h):
    h.repository({"\x1b]0;owned\x07\x1b[31mred.yaml": CONFIG_MAP})
    h.plan(says="control characters")


@case
def file_names_with_bytes_that_are_no_UTF_8(h):
    h.repository({b"\xff\xfe\x80.yaml": CONFIG_MAP})
    h.plan(says="UTF-8")


@case
def file_names_with_C1_controls_and_line_feeds(h):
    h.repository({"\u009b31mred.yaml": CONFIG_MAP, "b\nrhumb: all is well.yaml": CONFIG_MAP})
    h.plan(says="control characters")


@case
def escape_sequences_in_names_and_values(h):
    evil = CONFIG_MAP.replace("name: a", 'name: "a\\e[2Jb"').replace("value", '"\\e]0;owned\\a\\u009b31m"')
    h.repository({"a.yaml": evil})
    h.plan(status=(0, 1))


@case
def escape_sequences_in_kinds_and_keys(h):
    h.repository({"a.yaml": 'apiVersion: v1\nkind: "Config\\e[31mMap"\nmetadata: {name: a}\n"k\\e[31m": 1\n'})
    h.plan(status=(0, 1))


@case
def escape_sequences_in_rhumb_yaml(h):
    h.repository({"rhumb.yaml": 'apiVersion: rhumb.dev/v1\nkind: Config\n"a\\e[31m\\u009b": 1\n'})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "HEAD", status=1, says="rhumb.yaml:3:")


@case
def escape_sequences_in_the_subject_of_a_commit(h):
    directory = h.repository({"a.yaml": CONFIG_MAP})
    import subprocess
    tree = subprocess.check_output(["git", "-C", directory, "rev-parse", "HEAD^{tree}"], text=True).strip()
    commit = subprocess.check_output(["git", "-C", directory, "-c", "user.name=a", "-c", "user.email=a@example",
                                      "commit-tree", tree, "-m", "\x1b]0;owned\x07\u009b31mred"], text=True).strip()
    subprocess.run(["git", "-C", directory, "update-ref", "HEAD", commit], check=True)
    h.plan(status=0, says="red")


@case
def a_folder_of_100000_files(h):
    h.repository({f"{i}.txt": "x" for i in range(100000)} | {"a.yaml": CONFIG_MAP})
    h.plan(status=(0, 1))


@case
def folders_in_1000_folders(h):
    h.repository({"d/" * 1000 + "a.yaml": CONFIG_MAP})
    h.plan(says="GIT_MAX_TREE_DEPTH")


@case
def damaged_object(h):
    """A blob whose bytes are another file's."""
    import subprocess
    directory = h.repository({"a.yaml": CONFIG_MAP})
    blob, other = (subprocess.check_output(["git", "-C", directory, "hash-object", "-w", "--stdin"], input=i,
                                           text=True).strip() for i in (CONFIG_MAP, CONFIG_MAP.replace("value", "evil")))
    file = [f"{directory}/objects/{i[:2]}/{i[2:]}" for i in (blob, other)]
    subprocess.run(["cp", "-f", file[1], file[0]], check=True)
    h.plan(says=blob[:12])


@case
def revisions_that_look_like_options(h):
    h.repository()
    for revision in ("--upload-pack=x", "-x", "a..b", "HEAD^{/(a+)+$}", ":/" + "a" * 100000, "HEAD" + "~" * 10000):
        h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", f"--base={revision}", "--path", ".",
                status=(0, 1, 64))
