using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.Training;
using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Tokenization;

namespace FewShotCluster.Demo.Tests.Training;

public class Vocabulary
{
    [Fact]
    public void The_most_frequent_pair_is_merged_first_and_ties_go_by_the_alphabet()
    {
        var merges = BpeLearner.Learn(["ab ab ab cd cd", "xy"], maxMerges: 2);
        Assert.Equal(["a b</w>", "c d</w>"], merges);
        Assert.Equal(3, BpeLearner.Learn(["ab ab ab cd cd", "xy"], maxMerges: 99).Count);
    }

    [Fact]
    public void The_tokenizer_reads_what_was_learnt_and_every_word_is_one_token()
    {
        var random = new WorldRandom(1);
        var captions = Enumerable.Range(0, 3000).Select(_ => Captions.Write(PretrainingSampler.Sample(random).Facts, random)).ToList();
        var merges = BpeLearner.Learn([.. captions, .. DemoClasses.All.Select(demoClass => demoClass.Name)], maxMerges: 320);
        var tokenizer = ClipTokenizer.FromMerges(merges, contextLength: 24);

        Assert.InRange(merges.Count, 150, 320);
        Assert.All(DemoClasses.All, demoClass => Assert.Equal(demoClass.Name.Split(' ').Length, tokenizer.Encode(demoClass.Name).Count));
        var ids = DemoClasses.All.Select(demoClass => string.Join(' ', tokenizer.Encode(demoClass.Name))).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(captions.Take(200), caption => Assert.Equal(tokenizer.EndId, tokenizer.Tokenize(caption, truncate: false).Max()));
    }

    [Fact]
    public void Letters_of_other_alphabets_are_refused() =>
        Assert.Throws<ArgumentException>(() => BpeLearner.Learn(["käse"], maxMerges: 5));
}
