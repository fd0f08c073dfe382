"""The edges between rooms as CMake declares them, held against those that the includes use (for check_includes.py)."""
import re

# The public headers whose definitions a room above src/base links; the others are types alone.
PUBLIC_HOMES = {
    "include/mi2/embedder.hpp": "src/embedder",
    "include/mi2/classifier.hpp": "src/classify",
    "include/mi2/mi2.hpp": "src/classify",
}
CALL = re.compile(r"\b(mi2_library|add_library|add_executable|nanobind_add_module|target_link_libraries)\(([^()]*)\)")


def checked(room):
    """Whether a room's targets are held to its includes: tests, fuzz targets and benchmarks link what they like."""
    # bindings/c has no target: cmake/mi2_install.cmake compiles it into libmi2 with the rooms below it.
    return room.startswith(("src/", "apps/", "bindings/")) and room != "bindings/c"


def read_calls(text):
    """[(function, [word, ..])] of the calls in a CMakeLists.txt that make or link targets."""
    text = re.sub(r"#[^\n]*", "", text)
    return [(match.group(1), match.group(2).split()) for match in CALL.finditer(text)]


def declared_edges(root, rooms):
    """({target: room}, {room: {linked target: whether publicly}})."""
    owner, links = {}, {room: {} for room in rooms}
    for room in filter(checked, rooms):
        file = root / room / "CMakeLists.txt"
        for function, words in read_calls(file.read_text()) if file.is_file() else []:
            if function != "target_link_libraries":
                owner[words[0]] = room
            public = function != "mi2_library"
            for word in words[1:]:
                if word in ("PUBLIC", "INTERFACE", "PRIVATE", "SOURCES"):
                    public = word in ("PUBLIC", "INTERFACE")
                elif re.fullmatch(r"mi2[\w-]*|mi2::mi2", word):
                    links[room][word] = links[room].get(word, False) or public
    owner["mi2::mi2"] = "src/classify"
    return owner, links


def used_edges(includes, room_of):
    """{room: {room it includes: whether from a header}}, public headers counted as the room that defines them."""
    used = {}
    for file, rows in includes.items():
        room = room_of(file)
        for _, _, target in rows:
            if room is None or target is None:
                continue
            below = room_of(target)
            if below == "include/mi2":
                below = PUBLIC_HOMES.get(str(target), "src/base")
            if below != room and below is not None:
                edges = used.setdefault(room, {})
                edges[below] = edges.get(below, False) or file.suffix == ".hpp"
    return used


def edge_faults(root, includes, room_of, rooms):
    """Edges that are used and not declared (or not as far as they show), and declared ones that nothing uses."""
    owner, links = declared_edges(root, rooms)
    used = used_edges(includes, room_of)
    with_target = set(owner.values())
    found = []
    for room in filter(checked, rooms):
        declared = {}
        for target, public in links[room].items():
            if target in owner and owner[target] != room:
                declared[owner[target]] = declared.get(owner[target], False) or public
        program = not room.startswith("src/")  # nobody links it, so nothing of it is public
        for below, shown in sorted(used.get(room, {}).items()):
            if below not in with_target:
                continue
            if below not in declared:
                found.append(f"{room}/CMakeLists.txt: {room} includes {below}, and links no target of it")
            elif shown and not declared[below] and not program:
                found.append(f"{room}/CMakeLists.txt: a header of {room} shows {below}: link it PUBLIC")
        for below in sorted(set(declared) - set(used.get(room, {}))):
            found.append(f"{room}/CMakeLists.txt: links {below}, which {room} never includes")
    return found


def graph(includes, room_of, rooms):
    """The rooms as a Mermaid graph, an arrow from each to what it uses, without arrows that follow from others."""
    used = {room: {below for below in edges if checked(below)}
            for room, edges in used_edges(includes, room_of).items() if checked(room)}

    def reach(room):
        seen, stack = set(), list(used.get(room, ()))
        while stack:
            current = stack.pop()
            if current not in seen:
                seen.add(current)
                stack += used.get(current, ())
        return seen

    lines = ["```mermaid", "graph TD"]
    for room in filter(checked, rooms):
        direct = used.get(room, set())
        for below in sorted(direct):
            if not any(below in reach(other) for other in direct - {below}):
                lines.append(f"  {room.removeprefix('src/')} --> {below.removeprefix('src/')}")
    return "\n".join(lines + ["```"])
