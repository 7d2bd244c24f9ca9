using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Turns the import std::ios_base_library_init()@GLIBCXX_3.4.32 of an ELF library into
/// std::ios_base::Init::Init()@GLIBCXX_3.4, which is what compilers before GCC 13 emit for the same purpose.
/// Does nothing to a library that has no such import, so it may run on every build.
/// </summary>
public class GlibcxxImportPatch : Task
{
    private const uint ElfMagic = 0x464c457f, VersionNeedsSection = 0x6ffffffe;
    private const string NewSymbol = "\0_ZSt21ios_base_library_initv\0", OldSymbol = "\0_ZNSt8ios_base4InitC1Ev\0";
    private static readonly Encoding Latin1 = Encoding.GetEncoding("iso-8859-1");

    [Required]
    public string Library { get; set; }

    private byte[] elf;

    public override bool Execute()
    {
        elf = File.ReadAllBytes(Library);
        if (elf.Length < 64 || U32(0) != ElfMagic || elf[4] != 2)
        {
            Log.LogError("not a 64-bit ELF file: " + Library);
            return false;
        }

        int needs = 0, needCount = 0, strings = 0, stringsEnd = 0;
        int sections = (int)U64(0x28), sectionSize = U16(0x3A), sectionCount = U16(0x3C);
        for (int i = 0; i < sectionCount; i++)
        {
            int section = sections + i * sectionSize;
            if (U32(section + 4) != VersionNeedsSection) continue;
            needs = (int)U64(section + 0x18);
            needCount = (int)U32(section + 0x2C);
            int linked = sections + (int)U32(section + 0x28) * sectionSize;
            strings = (int)U64(linked + 0x18);
            stringsEnd = strings + (int)U64(linked + 0x20);
        }

        // Walk the needed versions of libstdc++: one entry (hash, flags, index, name, next) per version.
        int tooNew = 0, baseVersion = 0;
        for (int i = 0, need = needs; i < needCount; i++, need += (int)U32(need + 12))
        {
            if (Name(strings, U32(need + 4)) != "libstdc++.so.6") continue;
            for (int k = 0, aux = need + (int)U32(need + 8); k < U16(need + 2); k++, aux += (int)U32(aux + 12))
            {
                string version = Name(strings, U32(aux + 8));
                if (version == "GLIBCXX_3.4.32") tooNew = aux;
                if (version == "GLIBCXX_3.4") baseVersion = aux;
            }
        }
        if (tooNew == 0) return true;

        int symbol = Latin1.GetString(elf, strings, stringsEnd - strings).IndexOf(NewSymbol, StringComparison.Ordinal);
        if (baseVersion == 0 || symbol < 0)
        {
            Log.LogError("unexpected GLIBCXX_3.4.32 import in " + Library);
            return false;
        }
        Latin1.GetBytes(OldSymbol).CopyTo(elf, strings + symbol);
        Array.Copy(elf, baseVersion, elf, tooNew, 4);          // hash of the version's name
        Array.Copy(elf, baseVersion + 8, elf, tooNew + 8, 4);  // offset of the version's name

        // A new file, never a write through a hard link into the package cache; its old time keeps later copies away.
        DateTime written = File.GetLastWriteTimeUtc(Library);
        string patched = Library + ".patched";
        File.WriteAllBytes(patched, elf);
        File.SetLastWriteTimeUtc(patched, written);
        File.Delete(Library);
        File.Move(patched, Library);
        Log.LogMessage(MessageImportance.Normal, "patched the GLIBCXX_3.4.32 import of " + Library);
        return true;
    }

    private ushort U16(int at) { return BitConverter.ToUInt16(elf, at); }
    private uint U32(int at) { return BitConverter.ToUInt32(elf, at); }
    private ulong U64(int at) { return BitConverter.ToUInt64(elf, at); }

    private string Name(int strings, uint offset)
    {
        int start = strings + (int)offset;
        return Encoding.ASCII.GetString(elf, start, Array.IndexOf(elf, (byte)0, start) - start);
    }
}
