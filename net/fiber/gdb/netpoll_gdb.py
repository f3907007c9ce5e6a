# SPDX-License-Identifier: BSL-1.0
"""Fibers in gdb, in a live process and in a core file.

    (gdb) source net/fiber/gdb/netpoll_gdb.py
    (gdb) fiber list                  # every fiber: id, state, name, what it waits for
    (gdb) fiber 12 bt                 # the stack of fiber 12; any arguments of bt may follow
    (gdb) fiber 12 info locals        # any other command, in the innermost frame of fiber 12
    (gdb) fiber all bt                # all stacks; `fiber parked bt` and so on: those in that state
    (gdb) fiber 12                    # from now on up, down, frame and bt are about fiber 12 ...
    (gdb) fiber off                   # ... until this, or until the process continues
    (gdb) fiber gcore core.1          # of a live process: a core file that has the stacks of fibers

A fiber that runs is shown as its thread is. The stack of any other hangs above frame 0 of the
selected thread as long as a command looks at it, so its frames begin with 1. No register and no
memory is changed, so that it works on core files, and a live process can simply go on.

gdb's own gcore leaves out memory that has guards in it as Linux 6.13 makes them, and with it all
stacks of fibers. `fiber gcore` takes the guards away as long as it writes, by calls of madvise() in
the process, which no other thread runs meanwhile. The kernel's core files have everything.

The script takes offsets from the program (net/fiber/fiber_layout.h, net/fiber/stack_directory.h). It
needs the program's symbol table; debugging information is needed for nothing but line numbers and
variables, as ever.
"""

import re
import struct

import gdb
import gdb.unwinder

STATES = ("created", "ready", "running", "parked")


def address_of(symbol):
    try:
        return int(gdb.parse_and_eval("(unsigned long) &" + symbol))
    except gdb.error:
        raise gdb.GdbError("no %s: is there a program with netpoll's fibers and symbols?" % symbol)


def read(address, form):
    """What struct.unpack() makes of the memory at an address."""
    size = struct.calcsize("<" + form)
    return struct.unpack("<" + form, bytes(gdb.selected_inferior().read_memory(address, size)))


def read_text(address, most=64):
    """The string there; as much of it as can be read."""
    text = b""
    try:
        while len(text) < most:
            (byte,) = read(address + len(text), "c")
            if byte == b"\0":
                break
            text += byte
    except gdb.MemoryError:
        pass
    return text.decode("utf-8", "replace")


class ContextLayout:
    """Where a suspended context has its registers: netpoll_context_layout_type."""

    def __init__(self, address):
        version, self.released, stack_pointer, count = read(address, "QQ8sQ")
        if version != 1:
            raise gdb.GdbError("this script does not know contexts of version %d" % version)
        self.stack_pointer = stack_pointer.rstrip(b"\0").decode()
        self.registers = []
        for i in range(count):
            name, offset = read(address + 32 + 16 * i, "8sQ")
            self.registers.append((name.rstrip(b"\0").decode(), offset))


class FiberLayout:
    """netpoll_fiber_layout_type."""

    def __init__(self):
        fields = read(address_of("netpoll_fiber_layout"), "9Q")
        if fields[0] != 1:
            raise gdb.GdbError("this script does not know fibers of version %d" % fields[0])
        self.context_layout = ContextLayout(fields[1])
        self.id, self.name, self.context, self.activity = fields[2:6]
        self.park, self.park_bits = fields[7:]


class Fiber:
    def __init__(self, layout, address, bottom, top):
        self.address = address
        self.bottom = bottom
        self.top = top
        (self.id,) = read(address + layout.id, "Q")
        (name,) = read(address + layout.name, "Q")
        self.name = read_text(name) if name != 0 else ""
        (self.context,) = read(address + layout.context, "Q")
        (state,) = read(address + layout.activity, "B")
        self.state = STATES[state] if state < len(STATES) else "?"
        (park,) = read(address + layout.park, "Q")
        self.waiter = park & ~layout.park_bits

    def waits_for(self):
        """The class of what it waits for, by its table of virtual functions."""
        if self.state != "parked" or self.waiter == 0:
            return ""
        try:
            (table,) = read(self.waiter, "Q")
            symbol = gdb.execute("info symbol 0x%x" % table, to_string=True)
        except gdb.error:
            return ""
        match = re.match(r"vtable for (.*?) \+ ", symbol)
        return match.group(1) if match else ""

    def thread(self):
        """The thread that runs it, or None."""
        if self.state != "running":
            return None
        with Selection():
            for each in gdb.selected_inferior().threads():
                each.switch()
                if self.bottom <= int(gdb.newest_frame().read_register("sp")) <= self.top:
                    return each
        return None


class Slab:
    """netpoll_stack_slab."""

    SIZE = 56

    def __init__(self, address):
        fields = read(address, "6QII")
        self.base, self.stride, _, self.used, self.guarded = fields[:5]
        self.count = fields[6]

    def starts(self, bits):
        """Where those of its stacks begin, guard first, whose bit is set."""
        return [self.base + i * self.stride for i in range(self.count) if bits >> i & 1]


class Directory:
    """netpoll_stack_directory_type."""

    def __init__(self):
        version, self.header_size, self.guard_size, chunk = read(
            address_of("netpoll_stack_directory"), "IIQQ"
        )
        if version != 1:
            raise gdb.GdbError("this script does not know directories of version %d" % version)
        self.slabs = []
        while chunk != 0:
            next_chunk, count = read(chunk, "QQ")
            self.slabs += [Slab(chunk + 16 + Slab.SIZE * i) for i in range(count)]
            chunk = next_chunk

    def stacks(self):
        """(occupant, lowest address, highest address) of each stack that has an occupant."""
        for slab in self.slabs:
            for start in slab.starts(slab.used):
                top = start + slab.stride
                (occupant,) = read(top - self.header_size, "Q")
                if occupant != 0:
                    yield occupant, start + self.guard_size, top


def all_fibers():
    layout = FiberLayout()
    fibers = [Fiber(layout, *stack) for stack in Directory().stacks()]
    return sorted(fibers, key=lambda each: each.id)


def find_fiber(number):
    for each in all_fibers():
        if each.id == number:
            return each
    raise gdb.GdbError("there is no fiber %d" % number)


class Selection:
    """Restores the thread and the frame that are selected."""

    def __enter__(self):
        self.thread = gdb.selected_thread()
        if self.thread is None:
            raise gdb.GdbError("nothing runs, and there is no core file")
        self.level = gdb.selected_frame().level()

    def __exit__(self, *_):
        self.thread.switch()
        frame = gdb.newest_frame()
        while frame is not None and frame.level() < self.level:
            frame = frame.older()
        if frame is not None:
            frame.select()


class FrameId:
    """What tells a frame from others; newer gdbs have a class of their own for it."""

    def __init__(self, sp, pc):
        self.sp = gdb.Value(sp)
        self.pc = gdb.Value(pc)


class FiberUnwinder(gdb.unwinder.Unwinder):
    """Makes the frames of a suspended fiber the callers of the selected thread's newest frame."""

    def __init__(self):
        super().__init__("netpoll fibers")
        self.context = None

    def activate(self, fiber):
        self.deactivate()
        self.layout = FiberLayout().context_layout
        frame = gdb.newest_frame()
        self.below = self.place(frame)
        self.context = fiber.context
        gdb.invalidate_cached_frames()

    def deactivate(self):
        if self.context is not None:
            self.context = None
            gdb.invalidate_cached_frames()

    @staticmethod
    def place(frame):
        return (int(frame.read_register("sp")), int(frame.read_register("pc")))

    def first_frame(self):
        """The fiber's innermost frame."""
        frame = gdb.newest_frame()
        # Calls that were inlined into the thread's newest function are frames, too.
        while frame is not None and self.place(frame) == self.below:
            frame = frame.older()
        if frame is None or int(frame.read_register("sp")) != self.context + self.layout.released:
            raise gdb.GdbError("gdb does not follow the fiber's stack")
        return frame

    def __call__(self, pending):
        if self.context is None or self.place(pending) != self.below:
            return None
        # Below what follows, or gdb would take the stack for a broken one.
        info = pending.create_unwind_info(FrameId(self.context, self.below[1]))
        values = [(self.layout.stack_pointer, self.context + self.layout.released)]
        for name, offset in self.layout.registers:
            values.append((name, read(self.context + offset, "Q")[0]))
        for name, value in values:
            kind = pending.read_register(name).type
            info.add_saved_register(name, gdb.Value(value).cast(kind))
        return info


unwinder = FiberUnwinder()
gdb.unwinder.register_unwinder(None, unwinder, replace=True)


def release(*_):
    """The process goes on, or is gone: nothing of its fibers is shown any more."""
    unwinder.deactivate()


gdb.events.cont.connect(release)
gdb.events.exited.connect(release)


def without_frames_below(level, text):
    """Of the text of a backtrace, what begins with that frame."""
    for match in re.finditer(r"^#(\d+)\s", text, re.MULTILINE):
        if int(match.group(1)) >= level:
            return text[match.start():]
    return ""


def run_in(fiber, command):
    is_backtrace = re.match(r"(bt|backtrace|where)\b", command) is not None
    with Selection():
        thread = fiber.thread()
        if thread is not None:
            thread.switch()
            gdb.execute(command)
            return
        if fiber.state == "running":
            raise gdb.GdbError("fiber %d is being switched to or from" % fiber.id)
        if fiber.state == "created" and is_backtrace:
            gdb.write("it has not begun\n")
            return
        previous = unwinder.context
        try:
            unwinder.activate(fiber)
            frame = unwinder.first_frame()
            frame.select()
            if is_backtrace:
                gdb.write(without_frames_below(frame.level(), gdb.execute(command, to_string=True)))
            else:
                gdb.execute(command)
        finally:
            unwinder.deactivate()
            if previous is not None:
                unwinder.context = previous
                gdb.invalidate_cached_frames()


def advise(address, size, advice):
    """What madvise() says in the process."""
    return int(
        gdb.parse_and_eval(
            "((int (*)(void *, unsigned long, int)) madvise)((void *) %d, %d, %d)"
            % (address, size, advice)
        )
    )


def write_core(path):
    guard_install, guard_remove = 102, 103
    directory = Directory()
    locking = gdb.parameter("scheduler-locking")
    unwinder.deactivate()
    with Selection():
        gdb.execute("set scheduler-locking on")
        try:
            for slab in directory.slabs:
                # Refused where the guards are made by mprotect(), which gcore can live with.
                advise(slab.base, slab.stride * slab.count, guard_remove)
            gdb.execute("generate-core-file " + path)
        finally:
            for slab in directory.slabs:
                for start in slab.starts(slab.guarded):
                    advise(start, directory.guard_size, guard_install)
            gdb.execute("set scheduler-locking " + locking)


def headline(fiber):
    text = "fiber %d" % fiber.id
    if fiber.name:
        text += ' "%s"' % fiber.name
    text += " [%s]" % fiber.state
    wait = fiber.waits_for()
    return text + (": " + wait if wait else "")


class FiberCommand(gdb.Command):
    __doc__ = __doc__

    def __init__(self):
        super().__init__("fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split(None, 1)
        what = words[0] if words else "list"
        command = words[1] if len(words) == 2 else ""
        if what == "list":
            self.list()
        elif what in ("off", "0"):
            unwinder.deactivate()
        elif what == "gcore" and command:
            write_core(command)
        elif what.isdigit():
            fiber = find_fiber(int(what))
            if command:
                run_in(fiber, command)
            else:
                self.select(fiber)
        elif what == "all" or what in STATES:
            if not command:
                raise gdb.GdbError("fiber %s: which command?" % what)
            for each in all_fibers():
                if what in ("all", each.state):
                    gdb.write("\n%s\n" % headline(each))
                    try:
                        run_in(each, command)
                    except gdb.error as problem:
                        gdb.write("%s\n" % problem)
        else:
            raise gdb.GdbError(
                "fiber list | <id> [command] | all|parked|ready|running|created command | off"
                " | gcore file"
            )

    def complete(self, text, word):
        return [each for each in ("list", "all", "off", "gcore") + STATES if each.startswith(word)]

    @staticmethod
    def list():
        fibers = all_fibers()
        for each in fibers:
            gdb.write(headline(each) + "\n")
        states = [each.state for each in fibers]
        counts = ", ".join("%d %s" % (states.count(each), each) for each in STATES)
        gdb.write("%d fiber%s: %s\n" % (len(fibers), "" if len(fibers) == 1 else "s", counts))

    @staticmethod
    def select(fiber):
        unwinder.deactivate()
        thread = fiber.thread()
        if thread is not None:
            thread.switch()
        elif fiber.state == "running":
            raise gdb.GdbError("fiber %d is being switched to or from" % fiber.id)
        else:
            unwinder.activate(fiber)
            unwinder.first_frame().select()
        gdb.write(headline(fiber) + "\n")
        gdb.execute("frame")


FiberCommand()
