"""Learning from another model: what a large one believes of the wrong answers helps a small one."""

from __future__ import annotations

from tinytorch.core import Tensor, functional as F


def distillation_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor | None = None,
    temperature: float = 2.0,
    alpha: float = 0.5,
) -> Tensor:
    """Return how far a student is from its teacher's beliefs, and from the labels.

        alpha * T**2 * KL(softmax(teacher / T) || softmax(student / T)) + (1 - alpha) * cross_entropy

    A temperature T above 1 makes beliefs softer, so that the small ones count. It makes gradients smaller by
    T**2, which the factor undoes. Both are means over the examples. No gradient goes to the teacher.

    Args:
        student_logits: (*, classes), such as (N, C) or (B, T, vocabulary).
        teacher_logits: of the same shape.
        labels: (*), int64, the right classes; -100 marks positions that don't count at all. Left out, the
            teacher alone counts, whatever `alpha`.
        temperature: T.
        alpha: how much the teacher counts, from 0 to 1.

    Returns:
        A tensor of shape ().

    Raises:
        ValueError: shapes don't go together, or `temperature` or `alpha` is out of range.

    Examples:
        >>> scores = tt.tensor([[2.0, -1.0]])
        >>> systems.distillation_loss(scores, scores)
        tensor(0.)

    Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015 (arXiv:1503.02531)
    """
    if student_logits.shape != teacher_logits.shape or student_logits.ndim < 2:
        raise ValueError(
            "student_logits and teacher_logits must have one shape (*, classes), but they have "
            f"{student_logits.shape} and {teacher_logits.shape}"
        )
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature={temperature} must be a positive number")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha={alpha} must be from 0 (the labels alone) to 1 (the teacher alone)")
    if labels is not None and labels.shape != student_logits.shape[:-1]:
        raise ValueError(
            f"labels must be of shape {student_logits.shape[:-1]}, one for each row of logits, but they are "
            f"of shape {labels.shape}"
        )
    classes = student_logits.shape[-1]
    student = student_logits.reshape(-1, classes)  # (N, classes)
    teacher = teacher_logits.detach().reshape(-1, classes)  # (N, classes)
    if labels is not None:
        labels = labels.reshape(-1)  # (N)
        if (labels == -100).any():
            counts = labels != -100
            student, teacher, labels = student[counts], teacher[counts], labels[counts]
    soft = F.kl_div(
        F.log_softmax(student / temperature, dim=1),
        F.log_softmax(teacher / temperature, dim=1),
        reduction="batchmean",
        log_target=True,
    )
    loss: Tensor = soft * temperature**2
    if labels is None:
        return loss
    mixed: Tensor = loss * alpha + F.cross_entropy(student, labels) * (1 - alpha)
    return mixed
